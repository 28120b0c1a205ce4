"""One device among those of its user, as the ``sync.*`` methods see it."""

import secrets
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from car.ir.instants import rfc3339
from car.ir.json import JsonObject, to_value
from car.store.interfaces import ILeases, IStateStore
from car.store.thread import InThread
from car.sync.clock import Hlc
from car.sync.exchange import Exchange
from car.sync.intents import Fence, Intent, fence, lease_name
from car.sync.journal import Journal
from car.sync.operations import Operation, Scope
from car.sync.relay import DeviceReport, FileRelay
from car.sync.turns import Turn, repaired


class Status(Struct, frozen=True):
    """Where a device stands, and who the others are.

    *stable_frontier*: no device will still record anything up to it.
    """

    device_id: str
    state_hash: str
    journal_frontier: dict[str, int]
    stable_frontier: Hlc | None
    base_checkpoint: str | None
    roster: list[DeviceReport]


class SyncDevice:
    """Records operations and reads what they make, here and, by ``exchange``, elsewhere.

    *in_thread* calls a function in any thread; *now* gives seconds since the epoch.
    Coroutines raise StoreUnavailable where the store fails, and may be cancelled anywhere.
    """

    def __init__(
        self,
        store: IStateStore,
        leases: ILeases,
        relay: FileRelay,
        in_thread: InThread,
        *,
        now: Callable[[], float] = time.time,
        new_device_id: Callable[[], str] = lambda: f"dev-{secrets.token_hex(8)}",
    ) -> None:
        self._leases = leases
        self._now = now
        self._journal = Journal(store, now, new_device_id)
        self.exchange = Exchange(self._journal, relay, in_thread)

    async def device_id(self) -> str:
        """Who this device is: made up once, then kept."""
        return (await self._journal.replica()).device_id

    async def append(self, surface: str, payload: JsonObject, scope: Scope) -> Operation:
        """Record an operation; raises InvalidOperation."""
        return await self._journal.append(surface, payload, scope)

    async def record_turn(
        self,
        conversation_id: str,
        role: Literal["user", "assistant", "tool"],
        content: str,
        *,
        tool_calls: list[JsonObject] | None = None,
        tool_use_id: str | None = None,
        timestamp: str | None = None,
        scope: Scope = "personal",
    ) -> Operation:
        """Record a turn, said now unless there is a *timestamp*; raises InvalidOperation."""
        said_at = rfc3339(self._now()) if timestamp is None else timestamp
        turn = Turn(conversation_id, role, content, said_at, tool_calls, tool_use_id)
        return await self._journal.append("conversation", to_value(turn), scope)

    async def record_intent(self, intent: Intent, scope: Scope) -> Operation | str:
        """Record what a run means to do or has done; or why it was not recorded."""
        return await self._journal.append_intent(intent, scope)

    async def status(self) -> Status:
        """Where this device stands, and who reported; raises RelayUnavailable."""
        roster = await self.exchange.roster()
        replica = await self._journal.replica()
        return Status(
            replica.device_id,
            replica.state_hash,
            dict(replica.frontier),
            min((report.hlc for report in roster), default=None),
            replica.base_checkpoint,
            roster,
        )

    async def knowledge(self) -> list[JsonObject]:
        """The facts that stand, in the order of (hlc, op_id)."""
        return (await self._journal.replica()).knowledge()

    async def transcript(self, conversation_id: str | None = None) -> list[JsonObject]:
        """The turns of one conversation or all, as recorded, with ``hlc`` and ``op_id``."""
        turns = (await self._journal.replica()).turns(conversation_id)
        return [
            {**to_value(turn), "hlc": to_value(recorded.hlc), "op_id": recorded.op_id}
            for recorded, turn in turns
        ]

    async def resume(self, conversation_id: str | None = None) -> list[JsonObject]:
        """The messages of a conversation, or of the one spoken in last, repaired."""
        replica = await self._journal.replica()
        wanted = conversation_id or replica.latest_conversation()
        return repaired(turn for _, turn in replica.turns(wanted) if wanted is not None)

    async def fence_check(self, agent_id: str, run_id: str, epoch: int) -> Fence:
        """Whether a run on this device may act under *epoch*."""
        lease = await self._leases.status(lease_name(agent_id))
        replica = await self._journal.replica()
        return fence(replica.intent(agent_id, run_id), lease, replica.device_id, epoch)
