"""``search`` and ``web_fetch``: the web, by way of the daemon."""

from typing import Annotated

from msgspec import Meta, Struct

from car.server.errors import Unsupported
from car.server.registry import method
from car.server.session import ClientSession
from car.web.fetch import MOST_URL_CHARS, Page
from car.web.search import MOST_RESULTS, SearchResults
from car.web.web import Web


class WebQuery(Struct, frozen=True):
    """What to search the web for."""

    query: Annotated[str, Meta(min_length=1, max_length=1000)]
    max_results: Annotated[int, Meta(ge=1, le=MOST_RESULTS)] = 5


class WebPage(Struct, frozen=True):
    """A page to read."""

    url: Annotated[str, Meta(min_length=1, max_length=MOST_URL_CHARS)]


@method("search")
async def search(session: ClientSession, params: WebQuery) -> SearchResults:
    """Search the web: with Tavily where there is a ``TAVILY_API_KEY``, else DuckDuckGo.

    Params: ``query``, ``max_results?`` (1 to 20).  Result: ``{query, source, results: [{title,
    url, snippet, score, published_date?}]}``; the same for 60 s.  Errors: -32603 with
    ``data.code`` ``rate_limited`` beyond 10 a minute, ``search_refused``, ``web``.
    """
    return await _web(session).search(params.query, params.max_results)


@method("web_fetch")
async def web_fetch(session: ClientSession, params: WebPage) -> Page:
    """Read a page: its text, or that of anything else which is text.

    Addresses that are not public are refused, at each redirect too; up to 2 MiB and 20 s.
    Result: ``{url, status, content_type, title?, text}``, the URL after redirects; the same
    for 300 s.  Errors: -32603 with ``data.code`` ``rate_limited`` beyond 20 a minute,
    ``invalid_url``, ``address_refused``, ``too_large``, ``not_text``, ``web``.
    """
    return await _web(session).fetch(params.url)


def _web(session: ClientSession) -> Web:
    """The daemon's view of the web; raises Unsupported without one."""
    web: Web | None = session.state.web
    if web is None:
        raise Unsupported("this daemon does not reach out to the web")
    return web
