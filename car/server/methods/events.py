"""``events.*``: what happened in this session."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct
from twisted.internet.task import deferLater

from car.eventlog.log import TamperedAt
from car.eventlog.query import EventFilter
from car.ir.instants import InstantError, seconds
from car.ir.json import JsonObject
from car.ir.proposal import U32
from car.server.errors import InvalidParams
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class Query(Struct, frozen=True):
    """Which events; what is left out selects everything, ``limit`` 0 asks for all."""

    kinds: list[str] = msgspec.field(default_factory=list)
    action_id: str | None = None
    proposal_id: str | None = None
    since: str | None = None
    until: str | None = None
    data_matches: dict[str, str] = msgspec.field(default_factory=dict)
    limit: U32 = 0


@method("events.count")
def events_count(session: ClientSession, params: NoParams) -> int:
    """How many events this session's log has seen, those no longer in memory included.

    Result: an integer.
    """
    return session.runtime.events.count


@method("events.query")
async def events_query(session: ClientSession, params: Query) -> JsonObject:
    """Events that match, newest first; ``since`` is inclusive, ``until`` exclusive.

    Params: times are RFC 3339.  Result: ``{count, events: Event[]}``.
    """
    wanted = EventFilter(
        kinds=tuple(params.kinds),
        action_id=params.action_id,
        proposal_id=params.proposal_id,
        since=_instant("since", params.since),
        until=_instant("until", params.until),
        data_matches=params.data_matches,
        limit=params.limit,
    )
    found: list[JsonObject] = []
    slices: Iterator[list[JsonObject]] = session.runtime.events.query_slices(wanted)
    for part in slices:
        found.extend(part)
        await deferLater(session.state.clock, 0)
    return {"count": len(found), "events": found}


@method("events.chain.enable")
def events_chain_enable(session: ClientSession, params: NoParams) -> JsonObject:
    """Chain the lines appended from now on by SHA-256; repeating it does nothing.

    Result: ``{ok: true}``.
    """
    session.require_journal()
    events = session.runtime.events
    if not events.chained:
        session.record("record_settings", {"journal_chain": True})
        events.enable_chain()
    return {"ok": True}


@method("events.chain.verify")
async def events_chain_verify(session: ClientSession, params: NoParams) -> JsonObject:
    """Check every chained line of this session.

    Result: ``{verified: n}``, or ``{tampered_at: index}`` of the first line that is not
    what it was.
    """
    verdict: int | TamperedAt | None = 0
    for verdict in session.runtime.events.verify_slices():
        if verdict is None:
            await deferLater(session.state.clock, 0)
    if isinstance(verdict, TamperedAt):
        return {"tampered_at": verdict.index}
    return {"verified": verdict}


def _instant(field: str, text: str | None) -> float | None:
    """A time of the params in seconds since the epoch; raises InvalidParams."""
    if text is None:
        return None
    try:
        return seconds(text)
    except InstantError as problem:
        raise InvalidParams(f"{field}: {problem}") from None
