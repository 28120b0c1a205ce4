"""Tests of car.web over real sockets, against a server on this machine."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.trial.unittest import TestCase
from twisted.web.http import Request as HTTPRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from car.application import the_reactor
from car.ir.json import decode, encode
from car.web.errors import AddressRefused, TooLarge, WebError
from car.web.http import MOST_BYTES
from car.web.web import Web

PAGE = "<html><head><title>Eulen</title></head><body><p>Wo ist die Öffnung?</p></body></html>"


class StandIn(Resource):
    """Answers by path; counts who goes away before the answer's end."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.hanging: Deferred[None] = Deferred()
        self.gone: Deferred[None] = Deferred()
        self.asked: list[bytes] = []

    def render(self, request: Request) -> Any:
        """Answer."""
        self.asked.append(request.path)
        request.setHeader(b"content-type", b"text/html; charset=iso-8859-1")
        match request.path:
            case b"/redirect":
                request.redirect(b"/page")
                return b"moved"
            case b"/endless":
                request.registerProducer(_Endless(request), False)
                return NOT_DONE_YET
            case b"/hanging":
                request.notifyFinish().addErrback(lambda _: self.gone.callback(None))
                request.write(b"<p>begun")
                self.hanging.callback(None)
                return NOT_DONE_YET
            case b"/search":
                assert request.content is not None
                question = decode(request.content.read())
                row = {"title": question["query"], "url": "http://x/", "content": "", "score": 1}
                return encode({"results": [row]})
        return PAGE.encode("iso-8859-1")


class _Endless:
    """Sends for as long as somebody reads."""

    def __init__(self, request: HTTPRequest) -> None:
        self._request = request

    def resumeProducing(self) -> None:
        """Some more."""
        self._request.write(b"x" * 65_536)

    def stopProducing(self) -> None:
        """Nobody reads any more."""


class LoopbackTests(TestCase):
    """Web, with a real resolver and real connections."""

    timeout = 30

    def setUp(self) -> None:
        self.reactor = the_reactor()
        self.server = StandIn()
        self.port: Any = self.reactor.listenTCP(0, Site(self.server), interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.base = f"http://localhost:{self.port.getHost().port}"
        self.web = self.new_web(allow_private=True)

    def new_web(self, *, allow_private: bool) -> Web:
        """A view of the web that begins here."""
        pool = self.reactor.getThreadPool()
        return Web(
            self.reactor,
            lambda function, *args: deferToThreadPool(self.reactor, pool, function, *args),
            lambda: succeed("key"),
            allow_private=allow_private,
            tavily_url=f"{self.base}/search",
        )

    async def refusal(self, call: "Deferred[Any]", kind: type[Exception]) -> str:
        """What a call that fails so says."""
        return str(await self.assertFailure(call, kind))

    async def test_page(self) -> None:
        """A redirect is followed, the page read in its charset."""
        page = await self.web.fetch(f"{self.base}/redirect")
        self.assertEqual((page.url, page.status), (f"{self.base}/page", 200))
        self.assertEqual((page.title, page.text), ("Eulen", "Wo ist die Öffnung?"))

    async def test_search(self) -> None:
        """A question is posted, its answer read."""
        found = await self.web.search("owls")
        self.assertEqual([row.title for row in found.results], ["owls"])

    async def test_too_large(self) -> None:
        """A page without end is left at the limit."""
        told = await self.refusal(self.web.fetch(f"{self.base}/endless"), TooLarge)
        self.assertIn(str(MOST_BYTES), told)

    async def test_cancelled(self) -> None:
        """Who gives up in the midst is gone for the server as well."""
        fetched = self.web.fetch(f"{self.base}/hanging")
        await self.server.hanging
        fetched.cancel()
        await self.refusal(fetched, CancelledError)
        await self.server.gone

    async def test_private(self) -> None:
        """This machine is not fetched by any of its names, unless allowed."""
        web = self.new_web(allow_private=False)
        port = self.port.getHost().port
        for host in ("127.0.0.1", "localhost", "0x7f000001", "2130706433", "0.0.0.0"):
            await self.refusal(web.fetch(f"http://{host}:{port}/page"), WebError)
        await self.refusal(web.search("owls"), AddressRefused)
        self.assertEqual(self.server.asked, [])

    async def test_nobody(self) -> None:
        """A port where nobody listens is told so."""
        await self.port.stopListening()
        told = await self.refusal(self.web.fetch(f"{self.base}/page"), WebError)
        self.assertIn("ConnectionRefusedError", told)
