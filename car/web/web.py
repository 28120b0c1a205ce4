"""Web: pages and searches for a daemon, within limits of time, size and number.

What counts as public is decided in ``addresses``, what a page says in ``pages``.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.web.addresses import GuardedEndpoints, Resolve, resolver
from car.web.errors import WebError
from car.web.fetch import InThread, Page, check_url, fetch_page
from car.web.http import HTTPReader
from car.web.limits import Cache, RateLimit
from car.web.search import DUCKDUCKGO, TAVILY, SearchResults, search_duckduckgo, search_tavily

SECONDS = 20.0
"""What a page or search may take, redirects and reading included [ours]."""

FETCHES_A_MINUTE, FETCH_CACHE_SECONDS = 20, 300.0
SEARCHES_A_MINUTE, SEARCH_CACHE_SECONDS = 10, 60.0
"""``protocol-inference.md`` §6."""

MOST_CACHED_CHARS = 16 * 1024 * 1024
"""What is remembered of pages, and of searches [ours]."""

SearchKey = Callable[[], "Deferred[str | None]"]
"""Finds the key for Tavily; fires with None where there is none."""


class Web:
    """The web, as one daemon sees it.

    *reactor* provides IReactorTCP, IReactorPluggableNameResolver and IReactorTime; *resolve*
    looks hosts up in its place.  *in_thread* calls a function in a thread.  With
    *allow_private*, for tests and for those who trust who asks, any address is connected to.
    """

    def __init__(
        self,
        reactor: Any,
        in_thread: InThread,
        search_key: SearchKey,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        tavily_url: str = TAVILY,
        duckduckgo_url: str = DUCKDUCKGO,
    ) -> None:
        self._clock = IReactorTime(reactor)
        self._in_thread = in_thread
        self._search_key = search_key
        self._tavily_url = tavily_url
        self._duckduckgo_url = duckduckgo_url
        endpoints = GuardedEndpoints(
            reactor, resolve or resolver(reactor), allow_private=allow_private
        )
        self._reader = HTTPReader(reactor, endpoints)
        self._pages: Cache[Page] = Cache(FETCH_CACHE_SECONDS, MOST_CACHED_CHARS, self._clock)
        self._found: Cache[SearchResults] = Cache(
            SEARCH_CACHE_SECONDS, MOST_CACHED_CHARS, self._clock
        )
        self._fetches = RateLimit("web_fetch", FETCHES_A_MINUTE, self._clock)
        self._searches = RateLimit("search", SEARCHES_A_MINUTE, self._clock)

    def fetch(self, url: str) -> "Deferred[Page]":
        """Fetch a page; fires with it, at once if it was fetched well in the last 300 s.

        Fails with WebError, also after 20 s.  Cancelling drops the connection.
        """
        return self._timed(self._fetch(url), url)

    def search(self, query: str, max_results: int = 5) -> "Deferred[SearchResults]":
        """Search the web; fires with what was found, at once if asked in the last 60 s.

        Fails with WebError, also after 20 s.  Cancelling drops the connection.
        """
        return self._timed(self._search(query, max_results), "the search engine")

    async def _fetch(self, url: str) -> Page:
        key = check_url(url)
        page = self._pages.get(key)
        if page is None:
            self._fetches.take()
            page = await fetch_page(self._reader, self._in_thread, key)
            if page.status == 200:
                self._pages.put(key, page, len(page.text))
        return page

    async def _search(self, query: str, most: int) -> SearchResults:
        key = f"{most} {query}"
        found = self._found.get(key)
        if found is None:
            self._searches.take()
            api_key = await self._search_key()
            if api_key:
                found = await search_tavily(self._reader, self._tavily_url, api_key, query, most)
            else:
                found = await search_duckduckgo(self._reader, self._duckduckgo_url, query, most)
            chars = sum(len(row.title + row.url + row.snippet) for row in found.results)
            self._found.put(key, found, chars + len(query))
        return found

    def _timed(self, call: Any, what: str) -> "Deferred[Any]":
        def too_late(_result: object, seconds: float) -> None:
            raise WebError(f"{what:.200} did not answer within {seconds:g} s")

        return Deferred.fromCoroutine(call).addTimeout(SECONDS, self._clock, too_late)
