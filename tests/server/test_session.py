"""Tests of car.server.session: proposals, their callbacks, and the end of a connection."""

from zope.interface.verify import verifyObject

from car.ir.json import encode
from car.server.interfaces import IConnectionSession
from car.server.limits import Limits
from tests.server.doubles import (
    ServerCase,
    state_write,
    submission,
    tool_call,
)


class ToolCallTests(ServerCase):
    """Proposals whose tools the client runs."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()
        self.client.call("tools.register", [{"name": "lint"}, {"name": "deploy"}])

    def test_interface(self) -> None:
        """It is what a connection expects behind itself."""
        verifyObject(IConnectionSession, self.client.session)

    def test_round_trip(self) -> None:
        """A proposal asks for its tools by callbacks and ends with the results."""
        self.client.send("proposal.submit", submission(tool_call("a1"), tool_call("a2")), id=20)
        (asked,) = self.client.new()
        self.assertEqual((asked["id"], asked["method"]), ("cb-1", "tools.execute"))
        self.assertEqual(asked["params"]["session_id"], self.client.session.client_id)
        (asked,) = self.client.reply("cb-1", {"warnings": 0})
        self.assertEqual((asked["id"], asked["params"]["action_id"]), ("cb-2", "a2"))
        (answer,) = self.client.refuse("cb-2", "cluster unreachable")
        results = answer["result"]["results"]
        self.assertEqual([r["status"] for r in results], ["succeeded", "failed"])
        self.assertEqual(results[0]["output"], {"warnings": 0})
        self.assertEqual(results[1]["error"], "cluster unreachable")
        self.assertEqual(answer["result"]["cost"]["tool_calls"], 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answer_of_both_and_neither(self) -> None:
        """An answer with an error is a failure, whatever else it has; so is an empty one."""
        action = tool_call("a", failure_behavior="skip")
        for members, error in (
            ({"error": {"message": "no"}, "result": 1}, "no"),
            ({"error": None}, "the client answered with neither result nor error"),
        ):
            self.client.send("proposal.submit", submission(action), id="p")
            id = self.client.new()[-1]["id"]
            (answer,) = self.client.turn(encode({"id": id, **members}))
            self.assertEqual(answer["result"]["results"][0]["error"], error)

    def test_odd_answers(self) -> None:
        """Answers to nothing are dropped without a word, and the call goes on."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        for id in (1, 1.5, "cb-2", "cb-01", "", "p"):
            self.assertEqual(self.client.turn(encode({"id": id, "result": 1})), [])
        (answer,) = self.client.reply("cb-1", 2)
        self.assertEqual(answer["result"]["results"][0]["output"], 2)
        self.assertEqual(self.client.reply("cb-1", 3), [])

    def test_unreadable_answer(self) -> None:
        """An answer with a number out of range fails the tool, not the daemon."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        (answer,) = self.client.turn(b'{"jsonrpc":"2.0","id":"cb-1","result":[1e400]}')
        result = answer["result"]["results"][0]
        self.assertEqual(result["status"], "failed")
        self.assertIn("out of range", result["error"])

    def test_shuffled_proposals(self) -> None:
        """Fifty proposals at once are answered each with its own output."""
        for n in range(50):
            self.client.send("proposal.submit", submission(tool_call("a")), id=n)
        for n in (n * 37 % 50 for n in range(50)):
            (answer,) = [f for f in self.client.reply(f"cb-{n + 1}", n) if f["id"] == n]
            self.assertEqual(answer["result"]["results"][0]["output"], n)

    def test_nested_calls(self) -> None:
        """A client may call us from inside a callback."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        self.assertEqual(self.client.call("state.set", {"key": "k", "value": 1}), "ok")
        self.client.send("proposal.submit", submission(tool_call("b")), id="q")
        self.assertEqual(self.client.reply("cb-2", "inner")[-1]["id"], "q")
        self.assertEqual(self.client.reply("cb-1", "outer")[-1]["id"], "p")

    def test_foreign_answer(self) -> None:
        """Another connection's answer to the same id resolves nothing of ours (T8)."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        other = self.peer()
        self.assertEqual(other.reply("cb-1", "forged"), [])
        self.assertEqual(self.client.new(), [])
        (answer,) = self.client.reply("cb-1", "true")
        self.assertEqual(answer["result"]["results"][0]["output"], "true")

    def test_timeout(self) -> None:
        """A call without an answer fails at its time; the client is told; late is ignored."""
        self.client.send("proposal.submit", submission(tool_call("a", timeout_ms=500)), id="p")
        self.client.new()
        self.later(0.5)
        self.later()
        cancel, answer = self.client.new()
        self.assertEqual(
            (cancel["method"], cancel["params"]["reason"]), ("tools.cancel", "deadline")
        )
        result = answer["result"]["results"][0]
        self.assertEqual(result["error"], "tool 'lint' callback timed out (500 ms)")
        self.assertEqual(self.client.reply("cb-1", 1), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lost(self) -> None:
        """A lost connection ends its proposals, undoes their state and leaves nothing."""
        self.client.call("state.set", {"key": "k", "value": 1})
        runtime = self.client.session.runtime
        self.client.send("proposal.submit", submission(state_write("w", "k", 2), tool_call("a")))
        self.assertEqual(runtime.state.get("k"), 2)
        self.client.lose("reset")
        self.assertEqual((runtime.running, runtime.state.get("k")), (0, 1))
        self.assertEqual(self.state.sessions, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.client.lose("again")

    def test_frames_after_the_end(self) -> None:
        """Whatever comes after the end is ignored."""
        self.client.lose()
        self.assertEqual(self.client.turn(b'{"id":1,"method":"state.keys"}', b"nope"), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class LimitTests(ServerCase):
    """Limits of one session that are told as wrong params."""

    def test_state(self) -> None:
        """Keys and octets are bounded."""
        self.serve(limits=Limits(state_keys=2, state_bytes=100))
        client = self.peer()
        for key in "ab":
            client.call("state.set", {"key": key, "value": 1})
        for params in ({"key": "c", "value": 1}, {"key": "a", "value": "x" * 100}):
            self.assertEqual(client.error("state.set", params)["code"], -32602)
        self.assertEqual(client.call("state.snapshot"), {"a": 1, "b": 1})

    def test_pending_callbacks(self) -> None:
        """Calls beyond the limit wait for a place and then leave."""
        self.serve(limits=Limits(pending_callbacks=1))
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        actions = [tool_call(f"a{n}", failure_behavior="skip") for n in range(3)]
        client.send("proposal.submit", submission(*actions), id="p")
        client.new()
        for n in (1, 2):
            (asked,) = client.reply(f"cb-{n}", n)
            self.assertEqual(asked["id"], f"cb-{n + 1}")
        (answer,) = client.reply("cb-3", 3)
        self.assertEqual([r["output"] for r in answer["result"]["results"]], [1, 2, 3])
