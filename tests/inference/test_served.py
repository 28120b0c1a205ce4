"""Tests of asking local servers for what they serve."""

import json
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - sockets are the subject
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import Data

from car.inference.models import Delegated, Ollama, RemoteApi, VllmMlx
from car.inference.served import HOLDS, Served, listing_url
from tests.inference.doubles import KEYED, model

TAGS = json.dumps({"models": [{"name": "llama3.2:latest", "size": 1}, {"name": "qwen3:8b"}]})
MODELS = json.dumps({"object": "list", "data": [{"id": "whatever", "object": "model"}]})


reactor: Any = _reactor


class ServedTests(SynchronousTestCase):
    """Served: which servers answer, and with what."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.served = Served(self.clock.seconds, self.fetch)

    def fetch(self, url: str) -> bytes:
        """Answer as the test says; refuse where it says nothing."""
        self.asked.append(url)
        if url not in self.answers:
            raise ConnectionRefusedError()
        return self.answers[url]

    def test_ollama(self) -> None:
        """A tag can be used while the server has it, with or without its ``:latest``."""
        self.answers["http://localhost:11434/api/tags"] = TAGS.encode()
        for tag, there in (("llama3.2", True), ("qwen3:8b", True), ("qwen3:4b", False)):
            self.assertIs(self.served.serves(model(source=Ollama(model_tag=tag))), there, tag)
        self.assertEqual(len(self.asked), 1)

    def test_open_ai_form(self) -> None:
        """Another server counts while it answers: many take any name for their one model."""
        self.answers["http://localhost:8000/v1/models"] = MODELS.encode()
        self.assertTrue(self.served.serves(model(source=VllmMlx(model_name="x"))))
        self.assertFalse(self.served.serves(model(source=VllmMlx(endpoint="http://localhost:1"))))

    def test_answers_hold(self) -> None:
        """An answer, a refusal as well, is taken for true for a while."""
        one = model(source=Ollama(model_tag="qwen3:8b"))
        self.assertFalse(self.served.serves(one))
        self.answers["http://localhost:11434/api/tags"] = TAGS.encode()
        self.clock.advance(HOLDS - 0.1)
        self.assertFalse(self.served.serves(one))
        self.clock.advance(0.1)
        self.assertTrue(self.served.serves(one))

    def test_nonsense(self) -> None:
        """A server that answers something else serves nothing."""
        for text in (b"<html>", b"[]", b'{"models": 3}', b'{"models": [{"name": 3}]}'):
            self.answers["http://localhost:11434/api/tags"] = text
            self.clock.advance(HOLDS)
            self.assertFalse(self.served.serves(model(source=Ollama(model_tag="x"))))

    def test_who_is_asked(self) -> None:
        """Nobody is asked about models with a key, beyond this machine, or of another kind."""
        for source, url in (
            (RemoteApi(endpoint="http://127.0.0.1:8080"), "http://127.0.0.1:8080/v1/models"),
            (RemoteApi(endpoint="http://[::1]:8080/v1"), "http://[::1]:8080/v1/models"),
            (RemoteApi(endpoint="https://lab.example/v1"), None),
            (KEYED, None),
            (Delegated(), None),
            (Ollama(host="http://box:11434/"), "http://box:11434/api/tags"),
        ):
            self.assertEqual(listing_url(model(source=source)), url)
        self.assertFalse(self.served.serves(model(source=Delegated())))
        self.assertEqual(self.asked, [])

    def test_real_refusal(self) -> None:
        """The real way of asking tells a refused connection and a bad URL as nothing served."""
        served = Served(self.clock.seconds)
        file = Path(self.mktemp()).absolute() / "api" / "tags"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"models": [{"name": "x"}]}))
        here = f"file://{file.parent.parent}"
        for host in (
            "http://127.0.0.1:1",
            "nonsense",
            "http://[",
            here,
            "ftp://127.0.0.1:1",
            "https://127.0.0.1:1",
        ):
            self.assertFalse(served.serves(model(source=Ollama(model_tag="x", host=host))), host)


class RealServerTests(TestCase):
    """Served against a server on a socket."""

    async def test_answers(self) -> None:
        """The tags of a server that answers; a server without that page serves nothing."""
        root = Resource()
        api = Resource()
        root.putChild(b"api", api)
        api.putChild(b"tags", Data(TAGS.encode(), "application/json"))
        port = reactor.listenTCP(0, Site(root), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        host = f"http://127.0.0.1:{port.getHost().port}"
        served = Served(Clock().seconds)
        for source, there in (
            (Ollama(model_tag="qwen3:8b", host=host), True),
            (VllmMlx(endpoint=host), False),
        ):
            found = await deferToThread(served.serves, model(source=source))
            self.assertIs(found, there)
