"""The requests of thirteen released clients, replayed frame by frame against a real daemon.

Every request must be understood: a method that we have gets an answer that the client can
use or a plain refusal of its params, any other exactly -32601.  The recorded params are often
placeholders, so only what needs none of the user's own values has to succeed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import msgspec
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from car.proto import codes
from car.server.registry import load_methods
from car.wsclient.connecting import connect
from car.wsclient.connection import WebSocketConnection
from tests.interop.daemon import Daemon, running_daemon
from tests.interop.frames import (
    ANY_METHOD,
    Call,
    Recording,
    capabilities,
    filled,
    read_recordings,
    usable,
)

reactor: Any = _reactor

RECORDINGS = read_recordings()

METHODS = load_methods()

REPLY_SECONDS = 25.0
"""Less than the 30 s after which clients give an ordinary call up."""

REFUSALS = (codes.INVALID_PARAMS, codes.INTERNAL_ERROR)
"""What a method that we have may answer to placeholders."""

MUST_SUCCEED = (
    "agents.register_basics",
    "events.chain.enable",
    "events.chain.verify",
    "events.count",
    "host.agents",
    "host.approvals",
    "host.events",
    "policy.list",
    "policy.unregister",
    "replan.set_config",
    "state.exists",
    "state.get",
    "state.keys",
    "state.set",
    "state.snapshot",
    "tools.list",
    "tools.register",
    "tools.unregister",
    "verify",
)
"""Methods whose recorded params are good."""


class Peer:
    """One open connection that sends a request at a time.

    Requests of the daemon's own are refused, as clients refuse what they do not know.
    """

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._waiting: dict[Any, Deferred[dict[str, Any]]] = {}
        self.closed: Deferred[int] = Deferred()
        connection.on_text = self._text_received
        connection.on_close = self._closed

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a request; the whole answer."""
        answer: Deferred[dict[str, Any]] = Deferred()
        self._waiting[frame["id"]] = answer
        self._connection.send_text(msgspec.json.encode(frame))
        answer.addTimeout(REPLY_SECONDS, reactor)
        return await answer

    async def call(self, id: int, method: str, params: Any) -> dict[str, Any]:
        """Send a request made of its parts."""
        frame = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        return await self.ask(frame)

    async def close(self) -> None:
        """Go as the clients go: without a word."""
        self._connection.abort()
        await self.closed

    def _text_received(self, text: bytes) -> None:
        message = msgspec.json.decode(text)
        if "method" not in message:
            self._waiting.pop(message["id"]).callback(message)
        elif "id" in message:
            error = {"code": codes.METHOD_NOT_FOUND, "message": "no handler registered"}
            answer = {"jsonrpc": "2.0", "id": message["id"], "error": error}
            self._connection.send_text(msgspec.json.encode(answer))

    def _closed(self, code: int, reason: str) -> None:
        self.closed.callback(code)


def brief(params: Any) -> Any:
    """*params*, the answer to which is one token where a model is asked.

    As recorded, a model that is installed here might write 4096 of them.
    """
    match params:
        case {"params": {"max_tokens": _, **others}}:
            return {**params, "params": {**others, "max_tokens": 1}}
    return params


@contextmanager
def understood(case: TestCase, what: object, answer: dict[str, Any]) -> Iterator[None]:
    """Name *what* was asked, and the *answer*, where a check of it fails."""
    try:
        yield
    except case.failureException as problem:
        raise case.failureException(f"{what}\nanswered {answer}\n{problem}") from None


class FramesTestCase(TestCase):
    """One version's recording; the classes with tests are made at the end."""

    timeout = 120
    version: ClassVar[str]

    @property
    def recording(self) -> Recording:
        """What was recorded."""
        return RECORDINGS[self.version]

    async def peer(self, daemon: Daemon) -> Peer:
        """A connection to *daemon*."""
        return Peer(await connect(daemon.url, reactor=reactor))


class FramesTests(FramesTestCase):
    """What a released client sends, and how the daemon takes it."""

    async def test_connect(self) -> None:
        """The frames that open a connection are accepted in their order, or none is needed."""
        flags = () if self.recording.connect else ("--no-auth",)
        with running_daemon(*flags) as daemon:
            peer = await self.peer(daemon)
            for frame in filled(self.recording.connect, daemon.token if not flags else ""):
                answer = await peer.ask(frame)
                self.assertIn("result", answer, frame)
                if frame["method"] == "server.handshake":
                    asked = capabilities(self.recording).handshake
                    self.assertEqual(answer["result"]["protocol_version"], asked)
            id = self.recording.first_call_id
            answer = await peer.call(id, "state.set", {"key": "k", "value": 1})
            self.assertEqual((answer["id"], [*answer]), (id, ["jsonrpc", "id", "result"]))
            await peer.close()

    async def test_connect_refused(self) -> None:
        """With a wrong token, or none, nothing else is answered and the connection closes."""
        with running_daemon() as daemon:
            peer = await self.peer(daemon)
            for frame in filled(self.recording.connect[:1], "wrong"):
                answer = await peer.ask(frame)
                self.assertEqual(answer["error"]["code"], codes.INTERNAL_ERROR)
                self.assertIn("token mismatch", answer["error"]["message"])
            answer = await peer.call(1, "state.keys", None)
            self.assertEqual(answer["error"]["code"], codes.AUTH_REQUIRED)
            self.assertEqual(await peer.closed, codes.CLOSE_UNAUTHENTICATED)

    async def test_calls(self) -> None:
        """Each request gets an answer that its call can use; so do methods called by name."""
        recording = self.recording
        by_name = [
            Call(api="daemon_call", method=method, params={}, accepts="any JSON value")
            for method in (*recording.wrappers, ANY_METHOD)
        ]
        with running_daemon("--no-auth") as daemon:
            peer = await self.peer(daemon)
            for id, call in enumerate([*recording.calls, *by_name], recording.first_call_id):
                answer = await peer.call(id, filled(call.method, ""), brief(call.params))
                must_succeed = call.method in MUST_SUCCEED and call not in by_name
                with understood(self, call, answer):
                    self.assert_answered(call, answer, must_succeed)
            await peer.close()
            self.assertNotIn("Traceback", daemon.logged)

    def assert_answered(self, call: Call, answer: dict[str, Any], must_succeed: bool) -> None:
        """The *answer* is one that *call* can use, or a refusal that is in order."""
        error = answer.get("error")
        if error is None:
            self.assertIn(call.method, METHODS)
            self.assertTrue(usable(call, answer["result"]))
        elif call.method not in METHODS:
            self.assertEqual(error["code"], codes.METHOD_NOT_FOUND)
        else:
            self.assertFalse(must_succeed)
            self.assertIn(error["code"], REFUSALS)
            self.assertNotIn("error_id", error.get("data") or {})


class RecordingsTests(TestCase):
    """The recordings themselves."""

    def test_requirements(self) -> None:
        """What the versions can do, as a table to be looked at when one is added."""
        table = [
            (
                version,
                can.authenticates,
                can.handshake,
                can.survives_null,
                "submit_proposal" in can.calls,
                "execute_proposal" in can.calls,
            )
            for version, can in (
                (version, capabilities(recording)) for version, recording in RECORDINGS.items()
            )
        ]
        self.assertEqual(
            table,
            [
                # version   auth   handshake null   submit execute
                ("0.6.0", False, None, False, False, False),
                ("0.7.0", False, None, False, False, False),
                ("0.8.2", True, None, True, False, False),
                ("0.12.0", True, None, True, True, False),
                ("0.16.1", True, None, True, True, False),
                ("0.19.0", True, None, True, True, False),
                ("0.22.0", True, None, True, True, False),
                ("0.25.0", True, None, True, True, False),
                ("0.30.0", True, 1, True, True, False),
                ("0.40.0", True, 1, True, True, True),
                ("0.48.0", True, 2, True, True, True),
                ("0.52.1", True, 3, True, True, True),
                ("0.58.0", True, 3, True, True, True),
            ],
        )


for _version in RECORDINGS:
    _name = f"Frames_{_version.replace('.', '_')}_Tests"
    _members = {"version": _version, "__doc__": FramesTests.__doc__, "__module__": __name__}
    globals()[_name] = type(_name, (FramesTests,), _members)
# Without a version they are no tests.
del FramesTests, FramesTestCase
