"""Turns of a conversation, and a transcript made fit to be sent to a model again.

Devices record turns as they come; a crash or another device may leave a call without its
result, a result without its call, or the two apart.  Models refuse all three.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from car.ir.instants import InstantError, seconds
from car.ir.json import JsonObject, JsonValue
from car.sync.errors import InvalidOperation

NO_RESULT = "no result was recorded for this call; it may or may not have run"
"""The content of a result that stands in for one that is missing."""


class Turn(Struct, frozen=True, omit_defaults=True):
    """One turn.  *timestamp* is RFC 3339; a call of *tool_calls* is known by its ``id``."""

    conversation_id: str
    role: Literal["user", "assistant", "tool"]
    content: str
    timestamp: str
    tool_calls: list[JsonObject] | None = None
    tool_use_id: str | None = None
    provenance: JsonValue = None

    def check(self) -> None:
        """Raise InvalidOperation unless it says something, of some conversation, at some time."""
        if not self.conversation_id:
            raise InvalidOperation("conversation_id: expected the name of a conversation, got ''")
        if not self.content and not (self.tool_calls or (self.role == "tool" and self.tool_use_id)):
            raise InvalidOperation(
                "content: expected a text; only a turn with tool_calls, or a tool's with "
                "tool_use_id, may do without"
            )
        try:
            seconds(self.timestamp)
        except InstantError as problem:
            raise InvalidOperation(f"timestamp: {problem}") from None


def repaired(turns: Iterable[Turn]) -> list[JsonObject]:
    """The messages of a conversation, every call followed by exactly one result.

    A result that is missing is stood in for, one without a call or beyond the first is left
    out, one that came late goes to its call.  Messages: ``{role: "user", content}``,
    ``{role: "assistant", content, tool_calls?}``, ``{role: "tool_result", tool_use_id,
    content, provenance?}``.
    """
    turns = list(turns)
    results: dict[str | None, deque[Turn]] = {}
    for turn in turns:
        if turn.role == "tool":
            results.setdefault(turn.tool_use_id, deque()).append(turn)
    messages: list[JsonObject] = []
    for turn in turns:
        if turn.role == "user":
            messages.append({"role": "user", "content": turn.content})
        elif turn.role == "assistant":
            messages.append(_assistant(turn))
            for call in turn.tool_calls or ():
                id = call.get("id")
                if isinstance(id, str):
                    messages.append(_result(id, results.get(id)))
    return messages


def _assistant(turn: Turn) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": turn.content}
    if turn.tool_calls:
        message["tool_calls"] = turn.tool_calls
    return message


def _result(id: str, recorded: deque[Turn] | None) -> JsonObject:
    """The first result that is left for a call, or what stands in for it."""
    message: JsonObject = {"role": "tool_result", "tool_use_id": id}
    if not recorded:
        return {**message, "content": NO_RESULT, "provenance": {"repaired": True}}
    turn = recorded.popleft()
    message["content"] = turn.content
    if turn.provenance is not None:
        message["provenance"] = turn.provenance
    return message
