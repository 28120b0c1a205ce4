"""Tests of Web.search in memory: both engines in their own words."""

from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import CancelledError

from car.ir.json import decode, encode
from car.web.errors import RateLimited, SearchRefused, WebError
from car.web.search import Finding, SearchResults
from car.web.web import SEARCHES_A_MINUTE
from tests.web.doubles import PUBLIC, WebCase

KEY = "tvly-sesame-7Q"

TAVILY_ROW = {
    "title": "Owls",
    "url": "https://example.org/owls",
    "content": "All about them.",
    "score": 0.98,
    "raw_content": None,
}

RESULTS = """<html><body><div class="serp__results">
<div class="result results_links results_links_deep result--ad">
 <h2 class="result__title"><a rel="nofollow" class="result__a"
  href="https://duckduckgo.com/y.js?ad_domain=shop.example">Buy owls</a></h2>
 <a class="result__snippet" href="https://duckduckgo.com/y.js?x">Cheap!</a></div>
<div class="result results_links results_links_deep web-result ">
 <h2 class="result__title"><a rel="nofollow" class="result__a"
  href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.org%2Fowls%3Fa%3D1%26b%3D2&amp;rut=ab">
  Owls &amp; <b>more</b></a></h2>
 <a class="result__url" href="x">example.org/owls</a>
 <a class="result__snippet" href="x"><b>Owls</b> hunt   at night.</a></div>
<div class="result"><a class="result__a" href="https://example.com/plain">Plain</a></div>
<div class="result"><a class="result__a" href="javascript:alert(1)">No</a>
 <a class="result__snippet">no</a></div>
</div></body></html>"""


class SearchCase(WebCase):
    """A web with both search engines."""

    def setUp(self) -> None:
        super().setUp()
        for host in ("api.tavily.com", "html.duckduckgo.com"):
            self.names[host] = [PUBLIC]
        self.web = self.new_web(
            tavily_url="http://api.tavily.com/search",
            duckduckgo_url="http://html.duckduckgo.com/html/",
        )


class TavilyTests(SearchCase):
    """With a key: Tavily's API."""

    def setUp(self) -> None:
        super().setUp()
        self.key = KEY

    def answer(self, body: Any, status: str = "200 OK", query: str = "owls") -> Any:
        """Search, and answer with *body*; the Deferred."""
        found = self.web.search(query, 2)
        self.exchange().answer(encode(body), "Content-Type: application/json", status=status)
        return found

    def test_search(self) -> None:
        """What is asked, and what comes of it."""
        found = self.web.search("owls", 2)
        rows = [TAVILY_ROW, {**TAVILY_ROW, "published_date": "2026-01-01"}, TAVILY_ROW]
        asked = self.exchange().answer(encode({"query": "owls", "results": rows}))
        head, _, body = asked.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"POST /search HTTP/1.1"))
        self.assertIn(f"Authorization: Bearer {KEY}".encode(), head)
        self.assertEqual(decode(body), {"query": "owls", "max_results": 2})
        first = Finding("Owls", "https://example.org/owls", "All about them.", 0.98)
        second = replace(first, published_date="2026-01-01")
        self.assertEqual(
            self.successResultOf(found), SearchResults("owls", "tavily", [first, second])
        )
        self.assertIdle()

    def test_refused(self) -> None:
        """A wrong key, too many requests, an answer in another form: said without the key."""
        for status, body, words in (
            ("401 Unauthorized", {"detail": {"error": KEY}}, "TAVILY_API_KEY"),
            ("429 Too Many Requests", {}, "too many requests"),
            ("500 Internal Server Error", {}, "status 500"),
            ("200 OK", {"results": [{"title": 7}]}, "form of its API"),
            ("200 OK", {"results": [{**TAVILY_ROW, "score": 7}]}, "form of its API"),
        ):
            failure = self.failureResultOf(self.answer(body, status, words), WebError)
            self.assertIn(words, failure.getErrorMessage())
            self.assertNotIn(KEY, failure.getErrorMessage())
        self.assertIdle()


class DuckDuckGoTests(SearchCase):
    """Without a key: DuckDuckGo's page."""

    def test_search(self) -> None:
        """What is asked; results without advertisements, scored by rank."""
        found = self.web.search("owls & more")
        asked = self.exchange().answer(RESULTS.encode(), "Content-Type: text/html; charset=UTF-8")
        self.assertTrue(asked.startswith(b"GET /html/?q=owls+%26+more HTTP/1.1\r\n"), asked)
        self.assertIn(b"User-Agent: Mozilla/5.0", asked)
        self.assertEqual(
            self.successResultOf(found),
            SearchResults(
                "owls & more",
                "duckduckgo",
                [
                    Finding(
                        "Owls & more",
                        "https://example.org/owls?a=1&b=2",
                        "Owls hunt at night.",
                        1.0,
                    ),
                    Finding("Plain", "https://example.com/plain", "", 0.5),
                ],
            ),
        )

    def test_none(self) -> None:
        """Nothing found is an answer."""
        found = self.web.search("zzzz")
        self.exchange().answer(b'<div class="no-results">No results.</div>')
        self.assertEqual(self.successResultOf(found).results, [])

    def test_refused(self) -> None:
        """Being asked whether we are human is told, with what would help."""
        for status, body in (("202 Accepted", b""), ("200 OK", b'<div class="anomaly-modal">')):
            found = self.web.search(status)
            self.exchange().answer(body, status=status)
            told = self.failureResultOf(found, SearchRefused).getErrorMessage()
            self.assertIn("set TAVILY_API_KEY", told)

    def test_cache_and_rate(self) -> None:
        """For 60 s the same answer; 10 questions a minute, that many results aside."""
        for number in range(SEARCHES_A_MINUTE):
            found = self.web.search(f"owls {number}")
            self.exchange().answer(RESULTS.encode())
            self.successResultOf(found)
        self.successResultOf(self.web.search("owls 0"))
        self.failureResultOf(self.web.search("owls 0", 6), RateLimited)
        self.reactor.advance(60)
        found = self.web.search("owls 0")
        self.assertNoResult(found)
        found.cancel()
        self.failureResultOf(found, CancelledError)
        self.assertIdle()

    def test_private(self) -> None:
        """A search engine is held to public addresses like everybody else."""
        self.names["html.duckduckgo.com"] = ["127.0.0.1"]
        self.failureResultOf(self.web.search("owls"), WebError)
        self.assertEqual(self.reactor.tcpClients, [])
