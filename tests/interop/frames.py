"""What released clients send and accept, as recorded from the clients themselves.

``frames/<version>.json`` has, for each version of the official Python client, the frames that
open a connection where a token is found, every request its calls make (with placeholders
``$TOKEN`` and ``$ANY``), the form of result each can use, and its answers to requests of the
daemon.  ``inside`` tells what becomes of the calls about execution that send nothing.  A new
version is one more file; what it can do is read from there.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

FRAMES = Path(__file__).with_name("frames")

ANY_METHOD = "no.such.method"
"""What stands for ``$ANY``: a method that no daemon has."""

_OBJECT = re.compile(r"object with (string|integer|boolean|array) `(\w+)`(.*)")
_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list}


class Call(Struct, frozen=True):
    """One call of the client's API as it goes over the wire, and what result it takes.

    ``accepts`` is prose of a fixed form, read by ``usable``.
    """

    api: str
    method: str
    params: Any
    accepts: str
    refuses_null: bool = False

    @property
    def name(self) -> str:
        """The call's own name, without its class and arguments."""
        return self.api.partition("(")[0].rpartition(".")[2]


class Exchange(Struct, frozen=True):
    """What a recording daemon asked a client, and what came back, in that order."""

    case: str
    asked: list[dict[str, Any]]
    answers: list[dict[str, Any]]


class Recording(Struct, frozen=True):
    """Everything recorded from one version of the client."""

    client: str
    first_call_id: int
    connect: list[dict[str, Any]]
    calls: list[Call]
    callbacks: list[Exchange]
    wrappers: list[str]
    inside: dict[str, str]


class Capabilities(NamedTuple):
    """What one version of the client can do.

    ``handshake`` is its protocol number; ``calls`` are the calls of its API that send something.
    """

    authenticates: bool
    handshake: int | None
    survives_null: bool
    hears_cancel: bool
    calls: frozenset[str]


def read_recordings() -> dict[str, Recording]:
    """Every recording by version, oldest first."""
    decoder = msgspec.json.Decoder(Recording)
    found = [decoder.decode(file.read_bytes()) for file in FRAMES.glob("*.json")]
    found.sort(key=lambda recording: [int(part) for part in recording.client.split(".")])
    return {recording.client: recording for recording in found}


def capabilities(recording: Recording) -> Capabilities:
    """What the client of *recording* can do."""
    methods = {frame["method"]: frame["params"] for frame in recording.connect}
    calls = {call.name: call for call in recording.calls}
    inside = recording.inside
    return Capabilities(
        authenticates="session.auth" in methods,
        handshake=methods.get("server.handshake", {}).get("protocol_version"),
        survives_null=not calls["state_set"].refuses_null,
        hears_cancel="register_tool_cancel_handler" in inside,
        # It sends nothing only for want of a handler.
        calls=frozenset(calls) | ({"submit_proposal"} & inside.keys()),
    )


def filled(value: Any, token: str) -> Any:
    """The recorded *value* with its placeholders filled in."""
    text = msgspec.json.encode(value).decode()
    return msgspec.json.decode(text.replace("$TOKEN", token).replace("$ANY", ANY_METHOD))


def usable(call: Call, result: Any) -> bool:
    """Whether the client can make use of *result* as that of *call*."""
    if result is None and (call.refuses_null or call.accepts == "any JSON value except null"):
        return False
    if call.accepts in ("any JSON value", "any JSON value except null"):
        return True
    match = _OBJECT.fullmatch(call.accepts)
    if match is not None:
        kind, member, otherwise = match.groups()
        found = result.get(member) if isinstance(result, dict) else None
        if otherwise.startswith(", or any other non-null value") and not isinstance(found, str):
            return result is not None
        return type(found) is _TYPES[kind]
    return _PLAIN[call.accepts](result)


_PLAIN = {
    "unsigned integer": lambda value: type(value) is int and value >= 0,
    "string": lambda value: isinstance(value, str),
    "string or null": lambda value: value is None or isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array of strings": lambda value: (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ),
}
