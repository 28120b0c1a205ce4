"""``sync.*``: what the devices of one user record, and what it makes on all of them."""

from typing import Literal

from msgspec import Struct

from car.ir.json import JsonObject, to_value
from car.server.registry import NoParams, method
from car.server.session import ClientSession
from car.server.stores import stores_of
from car.sync.device import Status
from car.sync.exchange import Pumped
from car.sync.intents import Epoch, Intent, Name, Proceed
from car.sync.operations import Operation, Scope


class NewOperation(Struct, frozen=True):
    """Something to record; what a payload's ``id`` names, a later one replaces."""

    surface: str
    payload: JsonObject
    scope: Scope = "personal"


class NewTurn(Struct, frozen=True):
    """A turn of a conversation, said now unless there is a ``timestamp``."""

    conversation_id: str
    role: Literal["user", "assistant", "tool"]
    content: str
    tool_calls: list[JsonObject] | None = None
    tool_use_id: str | None = None
    timestamp: str | None = None
    scope: Scope = "personal"


class NewIntent(Intent, frozen=True, kw_only=True):
    """An intent, and whose it is."""

    scope: Scope = "personal"


class Knowledge(Struct, frozen=True):
    """Whether to pump first."""

    pump: bool = False


class Conversation(Struct, frozen=True):
    """A conversation; without one all of them, or the latest."""

    conversation_id: str | None = None


class FencedRun(Struct, frozen=True):
    """A run that is about to act."""

    agent_id: Name
    run_id: Name
    epoch: Epoch


@method("sync.status")
async def sync_status(session: ClientSession, params: NoParams) -> Status:
    """Where this device stands, and which devices have reported.

    Result: ``{device_id, state_hash, journal_frontier: {device: seq}, stable_frontier,
    base_checkpoint, roster: [{device_id, hlc, frontier, floor}]}``.  An ``hlc`` is
    ``{wall_ms, counter, device_id}``.
    """
    return await stores_of(session).sync.status()


@method("sync.append")
async def sync_append(session: ClientSession, params: NewOperation) -> JsonObject:
    """Record an operation on a surface.

    Surfaces: knowledge, skill, declagent, conversation, routing, trajectory, run, intent,
    ``registry:<kind>``.  ``scope`` is ``"personal"`` or ``{org}``.  A payload with
    ``deleted: true`` takes its subject away.  Result: ``{op_id, seq, hlc}``.  Errors: -32602
    for another surface, and for a turn or an intent that is none.
    """
    sync = stores_of(session).sync
    return _receipt(await sync.append(params.surface, params.payload, params.scope))


@method("sync.knowledge")
async def sync_knowledge(session: ClientSession, params: Knowledge) -> JsonObject:
    """The facts that all devices recorded, in the order of (hlc, op_id).

    Result: ``{facts}``, payloads as they were appended; of those with one ``id`` the latest.
    """
    sync = stores_of(session).sync
    if params.pump:
        await sync.exchange.pump()
    return {"facts": await sync.knowledge()}


@method("sync.record_turn")
async def sync_record_turn(session: ClientSession, params: NewTurn) -> JsonObject:
    """Record a turn of a conversation.

    Result: ``{op_id, seq, hlc}``.  Errors: -32602 for a conversation without a name, and for
    an empty content unless there are ``tool_calls``, or it is a tool's with ``tool_use_id``.
    """
    turn = await stores_of(session).sync.record_turn(
        params.conversation_id,
        params.role,
        params.content,
        tool_calls=params.tool_calls,
        tool_use_id=params.tool_use_id,
        timestamp=params.timestamp,
        scope=params.scope,
    )
    return _receipt(turn)


@method("sync.record_intent")
async def sync_record_intent(session: ClientSession, params: NewIntent) -> JsonObject:
    """Record what a run is about to do, has done, or failed to do.

    Result: ``{recorded: true, op_id}``, or ``{recorded: false, reason}`` once it is committed
    (``already_committed``) or recorded under a later epoch (``stale_epoch``).
    """
    intent = Intent(params.agent_id, params.run_id, params.epoch, params.status)
    recorded = await stores_of(session).sync.record_intent(intent, params.scope)
    if isinstance(recorded, str):
        return {"recorded": False, "reason": recorded}
    return {"recorded": True, "op_id": recorded.op_id}


@method("sync.pump")
async def sync_pump(session: ClientSession, params: NoParams) -> Pumped:
    """Read what other devices left at the relay, and leave there what they lack.

    Result: ``{pushed, push_deduped, folded, acked, state_hash}``; devices with the same
    operations have the same ``state_hash``.  Errors: -32603 ``FrontierTruncated: …`` with
    ``data.code`` ``frontier_truncated`` when ``sync.rebase`` is needed, ``journal_forked``,
    ``relay``.
    """
    return await stores_of(session).sync.exchange.pump()


@method("sync.checkpoint")
async def sync_checkpoint(session: ClientSession, params: NoParams) -> JsonObject:
    """Leave this device's state at the relay, and cut off what everybody has read.

    Result: ``{published, checkpoint_hash}``; not published when nothing has changed.
    """
    published, digest = await stores_of(session).sync.exchange.checkpoint()
    return {"published": published, "checkpoint_hash": digest}


@method("sync.rebase")
async def sync_rebase(session: ClientSession, params: NoParams) -> JsonObject:
    """Take in the checkpoints at the relay; what was recorded here stays.

    Result: ``{rebased, base_checkpoint}``; not rebased when they tell nothing new.
    """
    rebased, base = await stores_of(session).sync.exchange.rebase()
    return {"rebased": rebased, "base_checkpoint": base}


@method("sync.transcript")
async def sync_transcript(session: ClientSession, params: Conversation) -> list[JsonObject]:
    """The turns of a conversation, or of all, as they were recorded.

    Result: ``[{conversation_id, role, content, tool_calls?, tool_use_id?, provenance?,
    timestamp, hlc, op_id}]`` in the order of (hlc, op_id).
    """
    return await stores_of(session).sync.transcript(params.conversation_id)


@method("sync.resume")
async def sync_resume(session: ClientSession, params: Conversation) -> list[JsonObject]:
    """The messages of a conversation, or of the latest, fit to be sent to a model again.

    Every call of a tool is followed by exactly one result; one that was never recorded is
    stood in for, with ``provenance: {repaired: true}``.  Result: ``[{role: "user", content} |
    {role: "assistant", content, tool_calls?} | {role: "tool_result", tool_use_id, content,
    provenance?}]``.
    """
    return await stores_of(session).sync.resume(params.conversation_id)


@method("sync.fence_check")
async def sync_fence_check(session: ClientSession, params: FencedRun) -> JsonObject:
    """Whether a run on this device may act now.

    Result: ``{decision: {decision, …}, may_dispatch}``, the decision being ``proceed``,
    ``already_committed`` (with the epoch), ``stale_epoch`` (with current_epoch) or
    ``not_held`` (with the holder, if any).
    """
    decision = await stores_of(session).sync.fence_check(
        params.agent_id, params.run_id, params.epoch
    )
    return {"decision": to_value(decision), "may_dispatch": isinstance(decision, Proceed)}


def _receipt(operation: Operation) -> JsonObject:
    return {"op_id": operation.op_id, "seq": operation.seq, "hlc": to_value(operation.hlc)}
