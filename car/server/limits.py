"""Every limit the daemon enforces, with its default, in one record.

The table is that of ``reliability.md`` §3; ``subsystem-host.md`` and
``subsystem-inference.md`` add their caps.  Who enforces a limit reads it from here;
``server.limits`` and ``car doctor`` show them all.  What the JSON decoder refuses by its
nature (nesting, digits) is shown beside them and cannot be set.
"""

import difflib
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from car.errors import SettingsError
from car.ir.json import MAX_NESTING, MAX_VALUES

KIB = 1024
MIB = 1024 * KIB

FIXED: dict[str, int] = {
    "json_nesting": MAX_NESTING,
    "json_values": MAX_VALUES,
    "integer_digits": 4300,
}
"""Limits of the decoder itself (``reliability.md`` §4), not open to change."""

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=31_622_400)]
"""A wait in seconds; a year at most, so that no timer overflows."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits in force.

    Names ending in ``_bytes`` are sizes in bytes, in ``_timeout``, ``_after`` or ``_grace``
    seconds; all others are counts.
    """

    # Connections, before and after authentication.
    opening_timeout: Seconds = 5.0
    opening_bytes: Count = 16 * KIB
    auth_timeout: Seconds = 10.0
    unauthenticated_bytes: Count = 64 * KIB
    messages_before_auth: Count = 20
    wrong_tokens: Count = 5
    max_connections: Count = 1024
    max_connections_per_uid: Count = 256
    max_unauthenticated: Count = 64
    message_bytes: Count = 16 * MIB
    ping_after: Seconds = 30.0
    silence_timeout: Seconds = 60.0

    # What one session may have in flight.
    concurrent_requests: Count = 256
    held_requests: Count = 16_384
    held_bytes: Count = 16 * MIB
    pending_callbacks: Count = 1024
    output_bytes: Count = 1 * MIB
    stall_timeout: Seconds = 30.0
    subscriber_notifications: Count = 1024
    subscriber_bytes: Count = 8 * MIB

    # Waits (``protocol.md`` §9).
    tool_timeout: Seconds = 60.0
    handler_timeout: Seconds = 1800.0
    handler_grace: Seconds = 15.0
    verify_timeout: Seconds = 30.0
    approval_timeout: Seconds = 60.0
    supervision_timeout: Seconds = 30.0
    drain_timeout: Seconds = 10.0

    # Proposals, state and the record.
    actions_per_proposal: Count = 1000
    retries_per_action: Annotated[int, Meta(ge=0)] = 10
    state_bytes: Count = 64 * MIB
    state_keys: Count = 100_000
    events_in_memory: Count = 10_000
    journal_line_bytes: Count = 256 * KIB
    journal_file_bytes: Count = 256 * MIB

    # Host state and inference.
    host_agents: Count = 1000
    host_approvals: Count = 1000
    host_events: Count = 1000
    host_message_bytes: Count = 4 * KIB
    host_payload_bytes: Count = 64 * KIB
    inference_waiting: Count = 256
    remote_inferences: Count = 32

    def with_overrides(self, overrides: Iterable[str]) -> "Limits":
        """These limits with each ``NAME=VALUE`` of *overrides* applied, the last one winning.

        Raises SettingsError naming the limit that is unknown, fixed or out of range.
        """
        values = msgspec.structs.asdict(self)
        for override in overrides:
            name, separator, text = override.partition("=")
            if not separator:
                raise SettingsError(f"limit '{override}' must be written NAME=VALUE")
            values[name] = _read(name, text)
        return Limits(**values)

    def as_dict(self) -> dict[str, int | float]:
        """Every limit by name, the fixed ones too: what ``server.limits`` answers."""
        return {**msgspec.structs.asdict(self), **FIXED}


def _read(name: str, text: str) -> int | float:
    """The value of the limit *name* from its text; raises SettingsError."""
    if name in FIXED:
        raise SettingsError(f"limit '{name}' is fixed at {FIXED[name]}")
    if name not in Limits.__struct_fields__:
        near = difflib.get_close_matches(name, Limits.__struct_fields__, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        known = ", ".join(Limits.__struct_fields__)
        raise SettingsError(f"limit '{name}' is unknown; {hint}the limits are: {known}")
    try:
        value: int | float = getattr(msgspec.convert({name: text}, Limits, strict=False), name)
    except msgspec.ValidationError:
        raise SettingsError(f"limit '{name}' must be {_range(name)}, not '{text}'") from None
    return value


def _range(name: str) -> str:
    """What the limit *name* may be, in words."""
    info = msgspec.inspect.type_info(Limits)
    assert isinstance(info, msgspec.inspect.StructType)
    kind = next(field.type for field in info.fields if field.name == name)
    if isinstance(kind, msgspec.inspect.IntType):
        return f"a whole number, {kind.ge} or more"
    return "a number of seconds above 0, a year at most"
