"""Tests of car.server.callbacks: tools run by the client."""

from typing import Any

from msgspec import Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.engine.errors import ToolError, ToolTimeout
from car.engine.interfaces import IToolExecutor
from car.ir.json import JsonObject, decode, encode
from car.ir.tools import ToolCall
from car.server.callbacks import ClientToolExecutor
from car.server.channel import CallbackChannel


class ClientToolExecutorTests(SynchronousTestCase):
    """ClientToolExecutor: the frames of a call and of its end."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[JsonObject] = []
        self.notified: list[JsonObject] = []
        self.channel = CallbackChannel(
            lambda frame, id: self.sent.append(decode(frame)), self.clock
        )
        self.executor = ClientToolExecutor(
            self.channel, 60, lambda frame: self.notified.append(decode(frame))
        )

    def execute(self, tool: str = "lint", **members: Any) -> "Deferred[Any]":
        members.setdefault("request_id", self.executor.reserve())
        members.setdefault("action_id", "a1")
        return self.executor.execute(
            ToolCall(tool=tool, parameters=members.pop("parameters", {}), **members)
        )

    def answer(self, id: str, result: Any) -> None:
        self.channel.answer_received(id, Raw(encode(result)))

    def problem_of(self, called: "Deferred[Any]") -> str:
        return str(self.failureResultOf(called, ToolError).value)

    def test_interface(self) -> None:
        """It provides what the engine asks for; its outputs come from JSON text."""
        verifyObject(IToolExecutor, self.executor)
        self.assertTrue(self.executor.trusted)

    def test_params(self) -> None:
        """The params are those of the protocol, member by member (§6)."""
        self.execute(parameters={"path": "src"}, timeout_ms=20_000, session_id="c-19")
        self.execute("deploy", attempt=2)
        self.assertEqual(
            self.sent,
            [
                {
                    "jsonrpc": "2.0",
                    "id": "cb-1",
                    "method": "tools.execute",
                    "params": {
                        "action_id": "a1",
                        "tool": "lint",
                        "parameters": {"path": "src"},
                        "timeout_ms": 20_000,
                        "attempt": 1,
                        "request_id": "cb-1",
                        "session_id": "c-19",
                    },
                },
                {
                    "jsonrpc": "2.0",
                    "id": "cb-2",
                    "method": "tools.execute",
                    "params": {
                        "action_id": "a1",
                        "tool": "deploy",
                        "parameters": {},
                        "timeout_ms": None,
                        "attempt": 2,
                        "request_id": "cb-2",
                    },
                },
            ],
        )

    def test_plain_call(self) -> None:
        """Without an action the callback's own id names it."""
        called = self.executor.execute(ToolCall(tool="lint", parameters={}))
        params = self.sent[0]["params"]
        self.assertEqual((params["action_id"], params["request_id"]), ("cb-1", "cb-1"))
        self.answer("cb-1", {"action_id": "cb-1", "output": 3})
        self.assertEqual(self.successResultOf(called), 3)

    def test_outputs(self) -> None:
        """Any JSON value is an output, one that speaks of errors too."""
        outputs: list[Any] = [None, 0, "", [], {"error": "none of ours"}, {"output": 1}, 10**22]
        for output in outputs:
            called = self.execute()
            self.answer(self.sent[-1]["id"], output)
            self.assertEqual(self.successResultOf(called), output)

    def test_response_object(self) -> None:
        """The first release's response object is taken apart if it names the call."""
        for action_id in ("a1", None):
            for given, output in (({"output": [1]}, [1]), ({}, None), ({"error": None}, None)):
                called = self.execute()
                id = self.sent[-1]["id"]
                self.answer(id, {"action_id": action_id or id, **given})
                self.assertEqual(self.successResultOf(called), output)

    def test_response_object_with_error(self) -> None:
        """Its error fails the call, whatever it is."""
        for error, text in (("no such file", "no such file"), ({"a": 1}, "{'a': 1}"), (5, "5")):
            called = self.execute()
            self.answer(self.sent[-1]["id"], {"action_id": "a1", "error": error})
            self.assertEqual(self.problem_of(called), text)

    def test_foreign_response_object(self) -> None:
        """An object that names another action, or has more members, is the output itself."""
        for output in (
            {"action_id": "a2", "output": 1},
            {"action_id": "a2", "error": "boom"},
            {"action_id": "a1", "output": 1, "rows": 2},
            {"action_id": None, "output": 1},
            {"action_id": ["a1"], "output": 1},
            {"output": 1},
        ):
            called = self.execute()
            self.answer(self.sent[-1]["id"], output)
            self.assertEqual(self.successResultOf(called), output)

    def test_client_error(self) -> None:
        """An error's text is the tool's."""
        called = self.execute()
        self.channel.error_received("cb-1", "cluster unreachable")
        self.assertEqual(self.problem_of(called), "cluster unreachable")
        self.assertEqual(self.notified, [])

    def test_default_time(self) -> None:
        """Without a budget a call has 60 s, and the text says so in seconds."""
        called = self.execute()
        self.clock.advance(59)
        self.assertNoResult(called)
        self.clock.advance(1)
        self.assertIsInstance(self.failureResultOf(called).value, ToolTimeout)
        self.assertEqual(
            self.notified,
            [
                {
                    "jsonrpc": "2.0",
                    "method": "tools.cancel",
                    "params": {"request_id": "cb-1", "action_id": "a1", "reason": "deadline"},
                }
            ],
        )

    def test_own_time(self) -> None:
        """An action's budget wins over the default, longer or shorter; the text names it."""
        quick, slow = self.execute(timeout_ms=250), self.execute(timeout_ms=90_000)
        self.clock.advance(0.25)
        self.assertEqual(self.problem_of(quick), "tool 'lint' callback timed out (250 ms)")
        self.clock.advance(89.5)
        self.assertNoResult(slow)
        self.clock.advance(0.25)
        self.assertEqual(self.problem_of(slow), "tool 'lint' callback timed out (90000 ms)")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_default_text(self) -> None:
        """The default is told in whole seconds (§9)."""
        called = self.execute()
        self.clock.advance(60)
        self.assertEqual(self.problem_of(called), "tool 'lint' callback timed out (60s)")

    def test_cancelled(self) -> None:
        """Giving a call up tells the client; a late answer changes nothing."""
        called = self.execute()
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertEqual(self.notified[0]["params"]["reason"], "cancelled")
        self.answer("cb-1", 5)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_connection_lost(self) -> None:
        """A connection that goes fails the calls in the protocol's words; nobody is told."""
        calls = [self.execute(), self.execute("deploy")]
        self.channel.connection_lost("reset")
        self.assertEqual(self.problem_of(calls[0]), "tool 'lint' callback channel closed")
        self.assertEqual(self.problem_of(calls[1]), "tool 'deploy' callback channel closed")
        self.assertEqual(self.problem_of(self.execute()), "tool 'lint' callback channel closed")
        self.assertEqual(self.notified, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])
