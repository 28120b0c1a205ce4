"""``server.*``: the protocol handshake and the limits in force."""

from msgspec import UNSET, Struct, UnsetType

from car import __version__
from car.ir.json import JsonObject, JsonValue
from car.server.errors import CapabilityMismatch, VersionMismatch
from car.server.registry import NoParams, method
from car.server.session import ClientSession

VERSIONS = (1, 2, 3)
"""Protocol versions we speak: those of the official clients (A6)."""

CAPABILITIES: frozenset[str] = frozenset()
"""Capability names we advertise (``protocol.md`` §5): none until built."""


class Handshake(Struct, frozen=True):
    """What the client speaks.

    ``protocol_version`` is read as any value: one that is missing or no number has an
    error code of its own.
    """

    protocol_version: JsonValue | UnsetType = UNSET
    client_version: str | None = None
    required_capabilities: list[str] | None = None
    optional_capabilities: list[str] | None = None


@method("server.handshake")
def server_handshake(session: ClientSession, params: Handshake) -> JsonObject:
    """Agree on a protocol version; ours is the one asked for, if we speak it.

    Result: ``{protocol_version, server_version, client_protocol_version, client_version,
    negotiated_capabilities}``.  Errors: -32006 for a version that is missing, no integer or
    not 1, 2 or 3; -32008 for a required capability that we lack.
    """
    version = params.protocol_version
    if type(version) is not int or version not in VERSIONS:
        shown = "none" if version is UNSET else f"{version!r:.40}"
        raise VersionMismatch(
            "protocol version mismatch: this daemon speaks 1, 2 and 3; "
            f"the client asked for {shown}"
        )
    missing = sorted(set(params.required_capabilities or ()) - CAPABILITIES)
    if missing:
        raise CapabilityMismatch(
            f"protocol capability mismatch: not supported here: {', '.join(missing)[:200]}"
        )
    session.protocol_version = version
    wanted = {*(params.required_capabilities or ()), *(params.optional_capabilities or ())}
    return {
        "protocol_version": version,
        "server_version": __version__,
        "client_protocol_version": version,
        "client_version": (params.client_version or "unknown")[:64],
        "negotiated_capabilities": sorted(wanted & CAPABILITIES),
    }


@method("server.limits")
def server_limits(session: ClientSession, params: NoParams) -> JsonObject:
    """The limits in force; names as ``--limit`` takes them, sizes in bytes, times in seconds.

    Result: ``{limits: {name: value}}``.
    """
    return {"limits": session.state.config.limits.as_dict()}
