"""A daemon in memory that answers as a test tells it to."""

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.client.backoff import Backoff
from car.client.client import CarClient
from car.client.dialing import Dialer
from car.client.finding import Proof
from car.server.websocket import CarServerFactory
from car.testing.wire import MemoryEndpoint, RecordingSession, patch_timers

URL = "ws://127.0.0.1:9100"
GREETING = ["session.auth", "server.handshake"]


class Refused(Exception):
    """Raised by an answer: the error member to send."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.member = {"code": code, "message": message, "data": data}


@implementer(IStreamClientEndpoint)
class Way:
    """The way to the daemon; ``open`` False refuses."""

    open = True

    def __init__(self, daemon: IProtocolFactory, clock: Clock) -> None:
        self.memory = MemoryEndpoint(daemon, clock)

    def connect(self, protocolFactory: IProtocolFactory) -> "Deferred[Any]":
        if not self.open:
            return fail(ConnectionRefusedError())
        return self.memory.connect(protocolFactory)


class FakeDaemon:
    """Answers by method from ``answers``; a method without an answer is only written down.

    ``requests`` are the messages that came, the greeting left out; ``replies`` those that
    answer requests of ours.
    """

    def __init__(self, case: SynchronousTestCase) -> None:
        self.case = case
        self.clock = Clock()
        patch_timers(case, self.clock)
        self.requests: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.greetings: list[str] = []
        self.answers: dict[str, Callable[[Any], Any]] = {
            "session.auth": lambda params: {"ok": True},
            "server.handshake": lambda params: {"protocol_version": 3, "server_version": "9.9"},
        }
        self.sessions: list[RecordingSession] = []
        self.way = Way(CarServerFactory(self._opened, self.clock), self.clock)

    def _opened(self, opening: object) -> RecordingSession:
        session = RecordingSession(lambda connection, text: self._message(connection, text))
        self.sessions.append(session)
        return session

    def _message(self, connection: Any, text: bytes) -> None:
        message = json.loads(text)
        method = message.get("method")
        if method is None:
            self.replies.append(message)
            return
        (self.greetings.append if method in GREETING else self.requests.append)(
            method if method in GREETING else message
        )
        answer = self.answers.get(method)
        if answer is None or "id" not in message:
            return
        try:
            reply = {"id": message["id"], "result": answer(message["params"])}
        except Refused as problem:
            reply = {"id": message["id"], "error": problem.member}
        connection.send_messages([json.dumps(reply).encode()])

    def dialer(self, token: str | None = "secret") -> Dialer:
        proof = Proof(None, "nowhere") if token is None else Proof({"token": token}, "a file")
        return Dialer(URL, self.clock, lambda: proof, timeout=10, endpoint=self.way)

    def start(self, backoff: Backoff | None = None, **options: Any) -> "Deferred[CarClient]":
        """Begin to connect a client, without chance in its waits."""
        client = CarClient(self.dialer(**options), self.clock, backoff, draw=lambda: 0.0)
        started: Deferred[CarClient] = Deferred.fromCoroutine(client.start())
        self.flush()
        return started

    def connect(self, backoff: Backoff | None = None, **options: Any) -> CarClient:
        """A connected client."""
        return self.case.successResultOf(self.start(backoff, **options))

    def send(self, **message: Any) -> None:
        """Send a message to the newest client."""
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.sessions[-1].connection.send_messages([text])
        self.flush()

    def execute(self, id: str, tool: str, parameters: Any) -> None:
        """Ask the client for a tool."""
        params = {"action_id": "a", "tool": tool, "parameters": parameters, "request_id": id}
        self.send(id=id, method="tools.execute", params=params)

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        """Close the newest connection."""
        self.sessions[-1].connection.close(code, reason)
        self.flush()

    def flush(self) -> None:
        """Carry everything to and fro."""
        self.way.memory.flush()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.flush()
