"""Tests of search and web_fetch as far as the wire goes; the rest is tested with car.web."""

from car.proto import codes
from tests.server.methods.calling import MethodTestCase
from tests.web.doubles import WebCase


class WebTests(MethodTestCase, WebCase):
    """The two methods, on a web in memory."""

    def setUp(self) -> None:
        MethodTestCase.setUp(self)
        WebCase.setUp(self)
        self.session.state.web = self.new_web(duckduckgo_url="http://example.org/html/")

    def test_fetch(self) -> None:
        """A page in the shape of the protocol, its title left out where there is none."""
        for html, more in ((b"<title>T</title>x", {"title": "T"}), (b"x", {})):
            url = f"http://example.org/{len(more)}"
            fetched = self.begin("web_fetch", {"url": url})
            self.exchange().answer(html, "Content-Type: text/html")
            page = {"url": url, "status": 200, "content_type": "text/html", "text": "x", **more}
            self.successResultOf(fetched)
            self.assertEqual(self.call("web_fetch", {"url": url}), page)

    def test_search(self) -> None:
        """Results in the shape of the protocol."""
        found = self.begin("search", {"query": "owls"})
        self.exchange().answer(b'<a class="result__a" href="http://example.org/">Owls</a>')
        self.successResultOf(found)
        row = {"title": "Owls", "url": "http://example.org/", "snippet": "", "score": 1.0}
        self.assertEqual(
            self.call("search", {"query": "owls", "max_results": 5}),
            {"query": "owls", "source": "duckduckgo", "results": [row]},
        )

    def test_refused(self) -> None:
        """Each refusal has a code and a sentence."""
        self.names["inner.example.org"] = ["10.0.0.1"]
        for url, code in (
            ("file:///etc/passwd", "invalid_url"),
            ("http://inner.example.org/", "address_refused"),
            ("http://nowhere.example.org/", "web"),
        ):
            error = self.error("web_fetch", {"url": url})
            self.assertEqual((error["code"], error["data"]), (-32603, {"code": code}))
        self.assertNotIn("10.0.0.1", error["message"])

    def test_wrong_params(self) -> None:
        """Params of other types and out of range are -32602."""
        self.assertWrongParams("web_fetch", {"url": "http://inner.example.org/"})
        self.assertWrongParams("search", {"query": "owls", "max_results": 3})
        for params in ({"query": ""}, {"query": "x" * 1001}, {"max_results": 5}):
            self.assertEqual(self.error("search", params)["code"], codes.INVALID_PARAMS)
        for count in (0, 21):
            error = self.error("search", {"query": "x", "max_results": count})
            self.assertEqual(error["code"], codes.INVALID_PARAMS)
        for url in ("", "http://example.org/" + "x" * 4096):
            self.assertEqual(self.error("web_fetch", {"url": url})["code"], codes.INVALID_PARAMS)

    def test_none(self) -> None:
        """A daemon without the web says so."""
        self.session.state.web = None
        for name, params in (("search", {"query": "x"}), ("web_fetch", {"url": "http://x/"})):
            self.assertIn("does not reach out", self.error(name, params)["message"])
