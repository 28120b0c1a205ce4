"""A device's operations: recording them, folding in those of others, each change kept first.

The replica is in memory and in the state store, a change in both or in neither.
"""

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import DeferredLock

from car.ir.json import JsonObject, to_value
from car.store.interfaces import IStateStore
from car.sync.clock import Hlc
from car.sync.errors import JournalForked
from car.sync.intents import Intent, objection
from car.sync.operations import Operation, Scope, operation
from car.sync.replica import Replica
from car.sync.rows import ReplicaChange, SyncRows


class Journal:
    """The replica of this device and what it has yet to pass on.

    Coroutines raise StoreUnavailable where the store fails, and may be cancelled anywhere.
    """

    def __init__(
        self, store: IStateStore, now: Callable[[], float], new_device_id: Callable[[], str]
    ) -> None:
        self._rows = SyncRows(store)
        self._now = now
        self._new_device_id = new_device_id
        self._replica: Replica | None = None
        self._outbox: list[Operation] = []
        self._lock = DeferredLock()

    async def replica(self) -> Replica:
        """What is known, to be read and not kept."""
        async with self._lock:
            return await self._loaded()

    async def append(self, surface: str, payload: JsonObject, scope: Scope) -> Operation:
        """Record an operation; raises InvalidOperation."""
        async with self._lock:
            return await self._append(await self._loaded(), surface, payload, scope)

    async def append_intent(self, intent: Intent, scope: Scope) -> Operation | str:
        """Record an intent, or say why what is recorded of its run forbids it."""
        async with self._lock:
            replica = await self._loaded()
            reason = objection(replica.intent(intent.agent_id, intent.run_id), intent.epoch)
            return reason or await self._append(replica, "intent", to_value(intent), scope)

    async def fold(self, operations: Sequence[Operation]) -> int:
        """Take in operations of others; how many came next for their device, and so were new."""
        async with self._lock:
            replica = await self._loaded()
            unread, frontier = replica.unread(operations)
            if unread:
                winners = replica.winners(unread)
                await self._commit(replica, ReplicaChange(frontier, winners))
            return len(unread)

    async def join(self, entries: Sequence[Operation]) -> None:
        """Take in part of a checkpoint's state."""
        async with self._lock:
            replica = await self._loaded()
            await self._commit(replica, ReplicaChange(winners=replica.winners(entries)))

    async def rebase(self, frontier: Mapping[str, int], checkpoint: str) -> None:
        """Note that this state holds all of *checkpoint*, which goes up to *frontier*.

        Raises JournalForked if that knows operations of this device which it does not know
        itself, while there are others under their numbers.
        """
        async with self._lock:
            replica = await self._loaded()
            ahead = {id: n for id, n in frontier.items() if n > replica.frontier.get(id, 0)}
            if replica.device_id in ahead and self._outbox:
                raise JournalForked(
                    f"a checkpoint knows more of device '{replica.device_id}' than it does "
                    "itself: its state was restored, and it has recorded anew since"
                )
            await self._commit(replica, ReplicaChange(ahead, base_checkpoint=checkpoint))

    async def outbox(self) -> tuple[list[Operation], Hlc]:
        """What has yet to be passed on; all that is recorded from now on is later."""
        async with self._lock:
            replica = await self._loaded()
            return list(self._outbox), replica.clock.tick(self._now())

    async def passed_on(self, operations: Sequence[Operation]) -> None:
        """Take *operations*, the first of the outbox, out of it; keep the clock."""
        async with self._lock:
            await self._commit(await self._loaded(), ReplicaChange(pushed=operations))

    async def _append(
        self, replica: Replica, surface: str, payload: JsonObject, scope: Scope
    ) -> Operation:
        hlc = replica.clock.tick(self._now())
        recorded = operation(hlc, replica.next_seq, surface, payload, scope)
        frontier = {replica.device_id: recorded.seq}
        winners = replica.winners([recorded])
        await self._commit(replica, ReplicaChange(frontier, winners, [recorded]))
        return recorded

    async def _loaded(self) -> Replica:
        if self._replica is None:
            self._replica, self._outbox = await self._rows.load(self._new_device_id)
        return self._replica

    async def _commit(self, replica: Replica, change: ReplicaChange) -> None:
        """Until the store has answered nobody knows what it holds: if it fails, or the
        caller is cancelled, the replica is read again."""
        self._replica = None
        await self._rows.commit(replica, change)
        self._replica = replica
        self._outbox = [*self._outbox[len(change.pushed) :], *change.recorded]
