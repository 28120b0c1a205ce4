"""Asking a search engine: Tavily where there is a key, DuckDuckGo's plain page elsewhere."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import msgspec
from msgspec import Meta, Struct

from car.web.errors import SearchRefused, WebError
from car.web.http import Answer, HTTPReader
from car.web.markup import Tag, parts

TAVILY = "https://api.tavily.com/search"

TAVILY_KEY = "TAVILY_API_KEY"
"""What the key is called, in the environment and in the secret store."""

DUCKDUCKGO = "https://html.duckduckgo.com/html/"

MOST_RESULTS = 20


class Finding(Struct, frozen=True, omit_defaults=True):
    """One thing that was found; ``score`` is from 0 to 1, the best first."""

    title: str
    url: str
    snippet: str
    score: float
    published_date: str | None = None


class SearchResults(Struct, frozen=True):
    """What a search engine answered; ``source`` is ``tavily`` or ``duckduckgo``."""

    query: str
    source: str
    results: list[Finding]


class _TavilyFinding(Struct, frozen=True):
    """A row of Tavily's answer (its API reference, ``POST /search``)."""

    url: str
    title: str = ""
    content: str = ""
    score: Annotated[float, Meta(ge=0, le=1)] = 0.0
    published_date: str | None = None


class _TavilyAnswer(Struct, frozen=True):
    """What of Tavily's answer matters."""

    results: list[_TavilyFinding]


_decode = msgspec.json.Decoder(_TavilyAnswer).decode


async def search_tavily(
    reader: HTTPReader, url: str, key: str, query: str, most: int
) -> SearchResults:
    """Ask Tavily's API at *url* for up to *most* results; raises WebError, SearchRefused."""
    answer = await reader.request(
        "POST",
        url,
        headers={"Authorization": f"Bearer {key}"},
        json={"query": query, "max_results": most},
    )
    if answer.status in (401, 403):
        raise SearchRefused(f"tavily does not accept the key; check {TAVILY_KEY}")
    _check_status("tavily", answer)
    try:
        rows = _decode(answer.body).results
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SearchRefused("tavily's answer is not in the form of its API") from None
    found = [
        Finding(row.title, row.url, row.content, row.score, row.published_date)
        for row in rows[:most]
    ]
    return SearchResults(query, "tavily", found)


async def search_duckduckgo(reader: HTTPReader, url: str, query: str, most: int) -> SearchResults:
    """Ask DuckDuckGo's page for browsers without scripts; raises WebError, SearchRefused.

    It has no scores: the first result gets 1, the second 1/2, and so on.
    """
    answer = await reader.request("GET", f"{url}?{urlencode({'q': query})}")
    if answer.status == 202 or b"anomaly-modal" in answer.body:
        raise SearchRefused(f"duckduckgo asks whether we are human; set {TAVILY_KEY} to use tavily")
    _check_status("duckduckgo", answer)
    found = read_results(answer.body.decode("utf-8", "replace"), url)
    results = [
        Finding(title, link, snippet, round(1 / rank, 4))
        for rank, (title, link, snippet) in enumerate(found[:most], 1)
    ]
    return SearchResults(query, "duckduckgo", results)


def read_results(html: str, base: str) -> list[tuple[str, str, str]]:
    """The (title, URL, snippet) rows on a page of DuckDuckGo's, advertisements left out."""
    rows: list[tuple[str, str, str]] = []
    inside: str | None = None
    gathered: list[str] = []
    link = ""
    for part in parts(html):
        if not isinstance(part, Tag):
            if inside is not None:
                gathered.append(part.text)
        elif part.name == "a":
            attributes = part.attributes()
            inside = _kind(attributes.get("class", "").split())
            gathered = []
            if inside == "title":
                link = _target(attributes.get("href", ""), base)
        elif part.name == "/a" and inside is not None:
            text = " ".join("".join(gathered).split())
            if inside == "title" and link:
                rows.append((text, link, ""))
            elif inside == "snippet" and link and rows:
                rows[-1] = (*rows[-1][:2], text)
            inside = None
    return rows


def _kind(classes: Iterable[str]) -> str | None:
    return {"result__a": "title", "result__snippet": "snippet"}.get(
        next((name for name in classes if name in ("result__a", "result__snippet")), "")
    )


def _target(href: str, base: str) -> str:
    """Where a result leads to; empty for an advertisement, and for what is no page."""
    url = urljoin(base, href)
    try:
        split = urlsplit(url)
    except ValueError:
        return ""
    if split.path == "/l/":
        url = parse_qs(split.query).get("uddg", [""])[0]
    elif split.path == "/y.js":
        return ""
    return url if url.startswith(("http://", "https://")) else ""


def _check_status(source: str, answer: Answer) -> None:
    if answer.status == 429:
        raise SearchRefused(f"{source} has had too many requests; wait and try again")
    if answer.status != 200:
        raise WebError(f"{source} answered with status {answer.status}")
