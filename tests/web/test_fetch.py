"""Tests of Web.fetch in memory: redirects, limits, time, cache, and what goes wrong."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.python.failure import Failure

from car.web.errors import (
    AddressRefused,
    InvalidURL,
    NotText,
    RateLimited,
    TooLarge,
    WebError,
)
from car.web.fetch import MOST_REDIRECTS, Page, check_url
from car.web.http import MOST_BYTES
from car.web.web import FETCHES_A_MINUTE, SECONDS
from tests.web.doubles import PUBLIC, WebCase

URL = "http://example.org/owls?a=1"

HTML = "Content-Type: text/html; charset=utf-8"


class FetchTests(WebCase):
    """Web.fetch"""

    def refusal(self, fetched: "Deferred[Page]", kind: type[WebError]) -> str:
        """What a fetch that failed says; nothing is left of it."""
        told: str = self.failureResultOf(fetched, kind).getErrorMessage()
        self.assertIdle()
        return told

    def test_page(self) -> None:
        """What is asked and what comes of it."""
        fetched = self.web.fetch(f"{URL}#part")
        asked = self.exchange().answer("<title>Ö</title><p>x".encode(), HTML)
        head, *headers = asked.decode().split("\r\n")
        self.assertEqual(head, "GET /owls?a=1 HTTP/1.1")
        self.assertIn("Host: example.org", headers)
        self.assertIn("Accept-Encoding: identity", headers)
        self.assertNotIn("Cookie", asked.decode())
        page = self.successResultOf(fetched)
        self.assertEqual(page, Page(URL, 200, "text/html; charset=utf-8", "x", "Ö"))
        self.assertIdle()

    def test_status(self) -> None:
        """A page that says "not found" is a page; it is not remembered."""
        for _ in range(2):
            fetched = self.web.fetch(URL)
            self.exchange().answer(b"no owls", "Content-Type: text/plain", status="404 Not Found")
            page = self.successResultOf(fetched)
            self.assertEqual((page.status, page.text, page.title), (404, "no owls", None))
        self.assertEqual(len(self.reactor.tcpClients), 2)

    def test_odd_headers(self) -> None:
        """A redirect to nowhere is a page; headers may hold any octets."""
        fetched = self.web.fetch(URL)
        self.exchange().answer(b"x", "Location: ", status="302 Found")
        self.assertEqual(self.successResultOf(fetched).status, 302)
        fetched = self.web.fetch(URL)
        exchange = self.exchange()
        exchange.accept()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; \xff\r\n")
        exchange.send(b"Content-Length: 1\r\n\r\nx")
        self.assertEqual(self.successResultOf(fetched).content_type, "text/plain; \ufffd")

    def test_redirects(self) -> None:
        """Each hop is a request of its own; the answer has where they led."""
        self.names["other.example.org"] = [PUBLIC]
        fetched = self.web.fetch(URL)
        for location in ("/here", "there?x#y", "http://other.example.org/"):
            self.exchange().answer(b"moved", f"Location: {location}", status="302 Found")
        self.assertEqual(self.looked_up[-1], "other.example.org")
        self.exchange().answer(b"x", HTML)
        self.assertEqual(self.successResultOf(fetched).url, "http://other.example.org/")
        asked = [self.looked_up.count(host) for host in ("example.org", "other.example.org")]
        self.assertEqual(asked, [3, 1])

    def test_redirect_in(self) -> None:
        """A redirect to an address that is not public is refused before any connection."""
        self.names.update({"inner.example.org": ["192.168.0.1"], "localhost": ["::1"]})
        for location in ("http://127.0.0.1:9100/", "//localhost/", "http://inner.example.org/"):
            before = len(self.reactor.tcpClients)
            fetched = self.web.fetch(URL)
            self.exchange().answer(b"", f"Location: {location}", status="307 Temporary Redirect")
            self.refusal(fetched, AddressRefused)
            self.assertEqual(len(self.reactor.tcpClients), before + 1)

    def test_rebinding(self) -> None:
        """A name that moves to a private address is judged anew at each connection."""
        fetched = self.web.fetch(URL)
        self.names["example.org"] = ["127.0.0.1"]
        exchange = self.exchange()
        self.assertEqual(exchange.host, PUBLIC)
        exchange.answer(b"", "Location: /again", status="301 Moved Permanently")
        self.refusal(fetched, AddressRefused)
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_redirect_elsewhere(self) -> None:
        """A redirect to what is not fetched, and one too many, are told."""
        for location in ("file:///etc/passwd", "http://a:b@example.org/", "http://[x"):
            fetched = self.web.fetch(URL)
            self.exchange().answer(b"", f"Location: {location}", status="302 Found")
            self.refusal(fetched, InvalidURL)
        fetched = self.web.fetch(URL)
        for _ in range(MOST_REDIRECTS + 1):
            self.exchange().answer(b"", f"Location: {URL}", status="302 Found")
        self.assertIn("more than 5 times", self.refusal(fetched, WebError))

    def test_urls(self) -> None:
        """What is no http URL with a host is refused before anything is looked up."""
        for url in (
            *(
                "file:///etc/passwd",
                "ftp://example.org/",
                "example.org",
                "",
                "http://",
                "http:///x",
            ),
            *("http://user:pass@example.org/", "http://user@example.org/", "http://[::1", "//x/y"),
            *(
                "http://[2606:4700::1111]/",
                "http://example.org:99999/",
                "http://" + "x" * 5000,
                "javascript:alert(1)",
            ),
        ):
            self.assertRaises(InvalidURL, check_url, url)
            told = self.refusal(self.web.fetch(url), InvalidURL)
            self.assertNotIn("pass@", told)
        self.assertEqual(self.looked_up, [])
        self.assertEqual(check_url("HTTPS://example.org/#x"), "https://example.org/")

    def test_odd_hosts(self) -> None:
        """Hosts that no look-up can be asked for are no URLs either."""
        for url in ("http://exa mple.org/", "http://-.\ud800/", "http://x..y/\x00"):
            self.failureResultOf(self.web.fetch(url), WebError)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_too_large(self) -> None:
        """A page that is too large is cut off, whether it says so or not."""
        fetched = self.web.fetch(URL)
        exchange = self.exchange()
        exchange.accept()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        exchange.send(b"x" * MOST_BYTES)
        self.assertNoResult(fetched)
        exchange.send(b"x")
        self.assertIn(str(MOST_BYTES), self.refusal(fetched, TooLarge))
        self.assertFalse(exchange.transport.connected)

    def test_compressed(self) -> None:
        """A server that compresses unasked is refused, and not read."""
        fetched = self.web.fetch(URL)
        exchange = self.exchange()
        exchange.answer(b"\x1f\x8b", HTML, "Content-Encoding: gzip")
        self.assertIn("gzip", self.refusal(fetched, WebError))

    def test_not_text(self) -> None:
        """An image has no text."""
        fetched = self.web.fetch(URL)
        self.exchange().answer(b"\x89PNG", "Content-Type: image/png")
        self.refusal(fetched, NotText)

    def test_unreachable(self) -> None:
        """No host, no answer, half an answer: told in a sentence without addresses."""
        told = self.refusal(self.web.fetch("http://nowhere.example.org/"), WebError)
        self.assertEqual(told, "cannot reach http://nowhere.example.org/: no such host")
        fetched = self.web.fetch(URL)
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError("10.9.8.7")))
        told = self.refusal(fetched, WebError)
        self.assertEqual(told, f"cannot reach {URL}: ConnectionRefusedError")
        fetched = self.web.fetch(URL)
        exchange = self.exchange()
        exchange.accept()
        exchange.end()
        self.assertIn("lost before an answer", self.refusal(fetched, WebError))
        fetched = self.web.fetch(URL)
        exchange = self.exchange()
        exchange.accept()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        exchange.end()
        self.assertIn("before the page's end", self.refusal(fetched, WebError))

    def test_slow(self) -> None:
        """20 s are all, wherever they went: to a redirect, a head or a trickle."""
        fetched = self.web.fetch(URL)
        self.exchange().answer(b"", "Location: /b", status="302 Found")
        exchange = self.exchange()
        exchange.accept()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(19):
            self.reactor.advance(1)
            exchange.send(b"x")
        self.assertNoResult(fetched)
        self.reactor.advance(1)
        self.assertIn(f"within {SECONDS:g} s", self.refusal(fetched, WebError))
        self.assertFalse(exchange.transport.connected)

    def test_cancelled(self) -> None:
        """Who gives up has the connection dropped: begun, before the answer, in its midst."""
        fetched = self.web.fetch(URL)
        fetched.cancel()
        self.failureResultOf(fetched, CancelledError)
        self.assertIdle()
        for octets in (b"", b"HTTP/1.1 200 OK\r\n\r\nx"):
            fetched = self.web.fetch(URL)
            exchange = self.exchange()
            exchange.accept()
            exchange.send(octets)
            fetched.cancel()
            # This transport closes at once, which is told first.
            self.failureResultOf(fetched, CancelledError, WebError)
            self.assertFalse(exchange.transport.connected)
            self.assertIdle()

    def test_cache(self) -> None:
        """For 300 s a page is not asked for again."""
        for _ in range(2):
            fetched = self.web.fetch(URL)
            self.exchange(-1).answer(b"x", HTML)
            first = self.successResultOf(fetched)
            self.reactor.advance(299)
            self.assertIs(self.successResultOf(self.web.fetch(f"{URL}#elsewhere")), first)
            self.reactor.advance(1)
        self.assertEqual(len(self.reactor.tcpClients), 2)

    def test_rate(self) -> None:
        """20 a minute; what is remembered does not count, a wrong URL neither."""
        fetched = self.web.fetch(URL)
        self.exchange().answer(b"x", HTML)
        self.successResultOf(fetched)
        for number in range(FETCHES_A_MINUTE - 1):
            self.web.fetch(f"{URL}&{number}").addErrback(lambda _: None)
        self.failureResultOf(self.web.fetch("nothing"), InvalidURL)
        self.failureResultOf(self.web.fetch(f"{URL}&one"), RateLimited)
        self.successResultOf(self.web.fetch(URL))
        self.reactor.advance(60)
        self.assertNoResult(self.web.fetch(f"{URL}&one").addErrback(lambda _: None))
        self.reactor.advance(SECONDS)
        self.assertIdle()
