"""Operations: what a device records once, and how two about the same thing are settled.

The state of a device is, for each subject, the operation that takes precedence.  That is a
maximum, so devices which have seen the same operations agree, in whatever order and however
often they saw them.
"""

from hashlib import sha256
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from car.ir.json import JsonObject, JsonValue, canonical, convert
from car.sync.clock import Hlc
from car.sync.errors import InvalidOperation
from car.sync.intents import Intent
from car.sync.turns import Turn

SURFACES = (
    "knowledge",
    "skill",
    "declagent",
    "conversation",
    "routing",
    "trajectory",
    "run",
    "intent",
)
"""What operations are about, beside ``registry:<kind>`` (``protocol-memory.md`` §5)."""

LOGS = frozenset(("conversation", "trajectory", "run"))
"""Surfaces on which every operation stands beside the others and replaces none."""


class Org(Struct, frozen=True):
    """The scope of an organisation."""

    org: str


_R = TypeVar("_R")

Scope: TypeAlias = Literal["personal"] | Org


class Operation(Struct, frozen=True):
    """One operation.  *seq* counts its device's from 1; *op_id* is a digest of the rest."""

    op_id: str
    device_id: str
    seq: int
    hlc: Hlc
    surface: str
    scope: Scope
    payload: JsonObject

    @property
    def order(self) -> tuple[Hlc, str]:
        """What sorts operations alike on all devices."""
        return (self.hlc, self.op_id)

    @property
    def subject(self) -> str:
        """What it is about: of two with one subject, one replaces the other.

        A payload's own ``id`` names the subject; one without stands for itself.
        """
        name: JsonValue = self.op_id
        if self.surface == "intent":
            name = [self.payload.get("agent_id"), self.payload.get("run_id")]
        elif self.surface not in LOGS and isinstance(self.payload.get("id"), str):
            name = self.payload["id"]
        return canonical([self.surface, self.scope, name]).decode()

    @property
    def precedence(self) -> tuple[bool, int, Hlc, str]:
        """The greatest of a subject is its state: the latest.

        Of intents, one that is committed, for good; else that of the highest epoch.
        """
        if self.surface != "intent":
            return (False, 0, *self.order)
        intent = convert(self.payload, Intent)
        return (intent.status == "committed", intent.epoch, *self.order)

    @property
    def genuine(self) -> bool:
        """Whether it is what its device recorded, to the letter."""
        digest = _digest(self.hlc, self.seq, self.surface, self.payload, self.scope)
        return self.hlc.device_id == self.device_id and self.op_id == digest

    @property
    def legal(self) -> bool:
        """Whether this version can make something of it; a later one may record otherwise."""
        try:
            check(self.surface, self.payload)
        except InvalidOperation:
            return False
        return True

    @property
    def deleted(self) -> bool:
        """Whether it says that its subject is no more: ``deleted`` is true in the payload."""
        return self.payload.get("deleted") is True


def operation(hlc: Hlc, seq: int, surface: str, payload: JsonObject, scope: Scope) -> Operation:
    """A new operation of the device whose clock gave *hlc*; raises InvalidOperation."""
    check(surface, payload)
    return Operation(
        _digest(hlc, seq, surface, payload, scope),
        hlc.device_id,
        seq,
        hlc,
        surface,
        scope,
        payload,
    )


def check(surface: str, payload: JsonObject) -> None:
    """Raise InvalidOperation unless *surface* exists and *payload* fits it."""
    kind, _, registry = surface.partition(":")
    if surface not in SURFACES and not (kind == "registry" and registry):
        known = ", ".join(SURFACES)
        raise InvalidOperation(f"surface: expected {known} or registry:<kind>, got '{surface}'")
    if surface == "conversation":
        _as_record(payload, Turn).check()
    elif surface == "intent":
        _as_record(payload, Intent)


def _as_record(payload: JsonObject, record: type[_R]) -> _R:
    try:
        return msgspec.convert(payload, record)
    except msgspec.ValidationError as problem:
        raise InvalidOperation(f"payload: {problem}") from None


def _digest(hlc: Hlc, seq: int, surface: str, payload: JsonObject, scope: Scope) -> str:
    content: JsonValue = [hlc, seq, surface, payload, scope]
    return "op-" + sha256(canonical(content)).hexdigest()[:32]
