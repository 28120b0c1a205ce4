"""Turns, and transcripts made whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject
from car.sync.errors import InvalidOperation
from car.sync.turns import NO_RESULT, Turn, repaired
from tests.sync.doubles import turn

CALL = {"id": "t1", "name": "search", "arguments": {}}
OTHER = {"id": "t2", "name": "read", "arguments": {}}


def calls(*made: JsonObject, content: str = "") -> JsonObject:
    """An assistant's turn that calls tools."""
    return turn("assistant", content, tool_calls=list(made))


def result(id: str, content: str, **members: Any) -> JsonObject:
    """A tool's turn."""
    return turn("tool", content, tool_use_id=id, **members)


class TurnTests(SynchronousTestCase):
    """Turn: which may be empty."""

    def check(self, **members: Any) -> None:
        """Check a turn."""
        convert({**turn(), **members}, Turn).check()

    def test_content(self) -> None:
        """Only a turn with calls, or a tool's with the call's id, may be empty."""
        self.check(role="tool", content="", tool_use_id="t1")
        self.check(role="assistant", content="", tool_calls=[CALL])
        for members in (
            {"role": "user"},
            {"role": "assistant"},
            {"role": "tool"},
            {"role": "user", "tool_use_id": "t1"},
            {"role": "assistant", "tool_calls": []},
        ):
            with self.assertRaises(InvalidOperation) as raised:
                self.check(content="", **members)
            self.assertIn("content", str(raised.exception))

    def test_timestamp(self) -> None:
        """A timestamp is one of RFC 3339."""
        with self.assertRaises(InvalidOperation) as raised:
            self.check(timestamp="yesterday")
        self.assertIn("timestamp", str(raised.exception))


class RepairedTests(SynchronousTestCase):
    """repaired: every call has one result behind it."""

    def messages(self, *turns: JsonObject) -> list[tuple[Any, ...]]:
        """What is made of turns: role, what it answers, content."""
        found = repaired(convert(list(turns), list[Turn]))
        return [(m["role"], m.get("tool_use_id"), m["content"]) for m in found]

    def test_whole(self) -> None:
        """A conversation that is whole stays as it is, provenance and all."""
        found = repaired(
            convert(
                [
                    turn("user", "find it"),
                    calls(CALL, content="looking"),
                    result("t1", "found", provenance={"tool": "search"}),
                    turn("assistant", "here"),
                ],
                list[Turn],
            )
        )
        self.assertEqual(
            found,
            [
                {"role": "user", "content": "find it"},
                {"role": "assistant", "content": "looking", "tool_calls": [CALL]},
                {
                    "role": "tool_result",
                    "tool_use_id": "t1",
                    "content": "found",
                    "provenance": {"tool": "search"},
                },
                {"role": "assistant", "content": "here"},
            ],
        )

    def test_missing(self) -> None:
        """A call without a result gets one that says so."""
        messages = self.messages(calls(CALL, OTHER), result("t2", "b"), turn("user", "go on"))
        self.assertEqual(
            messages,
            [
                ("assistant", None, ""),
                ("tool_result", "t1", NO_RESULT),
                ("tool_result", "t2", "b"),
                ("user", None, "go on"),
            ],
        )

    def test_late(self) -> None:
        """A result that came after something else goes to its call."""
        messages = self.messages(calls(CALL), turn("user", "well?"), result("t1", "a"))
        self.assertEqual(
            messages,
            [("assistant", None, ""), ("tool_result", "t1", "a"), ("user", None, "well?")],
        )

    def test_superfluous(self) -> None:
        """Results without a call, or beyond the first, are left out."""
        messages = self.messages(
            result("t9", "nobody's"),
            turn("tool", "of nothing"),
            calls(CALL),
            result("t1", "a"),
            result("t1", "again"),
        )
        self.assertEqual(messages, [("assistant", None, ""), ("tool_result", "t1", "a")])

    def test_call_without_id(self) -> None:
        """A call that bears no id asks for no result."""
        self.assertEqual(self.messages(calls({"name": "x"})), [("assistant", None, "")])

    @given(
        st.lists(
            st.one_of(
                st.just(turn()),
                st.lists(st.sampled_from([CALL, OTHER]), max_size=3).map(
                    lambda made: calls(*made, content="x")
                ),
                st.sampled_from(["t1", "t2", "t3"]).map(lambda id: result(id, "r")),
            )
        )
    )
    def test_any(self, turns: list[JsonObject]) -> None:
        """Whatever was recorded, results stand right behind their calls, one each."""
        found = repaired(convert(turns, list[Turn]))
        awaited: list[str] = []
        for message in found:
            if message["role"] == "tool_result":
                self.assertEqual(message["tool_use_id"], awaited.pop(0))
                continue
            self.assertEqual(awaited, [])
            awaited = [call["id"] for call in message.get("tool_calls", ())]
        self.assertEqual(awaited, [])
        said = [m for m in found if m["role"] != "tool_result"]
        self.assertEqual(len(said), len([t for t in turns if t["role"] != "tool"]))
