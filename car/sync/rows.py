"""Where a device keeps its replica: rows of kind ``sync`` in the state store.

``device`` holds the device id, ``head`` the frontier, the clock and the checkpoint;
``entry/<digest of the subject>`` an operation that stands, ``outbox/<seq>`` one of this
device's that the relay has yet to get.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from car.ir.json import JsonObject, convert, to_value
from car.store.interfaces import IStateStore
from car.store.records import Delete, Put, Row
from car.store.records import Operation as RowOperation
from car.sync.clock import Hlc
from car.sync.operations import Operation
from car.sync.replica import Replica

_PAGE = 500
"""Rows read at once: what keeps the reactor for a few milliseconds."""


class _Head(Struct, frozen=True):
    frontier: dict[str, int]
    hlc: Hlc
    base_checkpoint: str | None = None


class ReplicaChange(Struct, frozen=True):
    """A change of a replica.

    *winners* stand from now on, *recorded* goes to the outbox, *pushed* leaves it; *frontier*
    is that of the devices whose operations were read.
    """

    frontier: Mapping[str, int] = {}
    winners: Mapping[str, Operation] = {}
    recorded: Sequence[Operation] = ()
    pushed: Sequence[Operation] = ()
    base_checkpoint: str | None = None


class SyncRows:
    """Reads a replica, and keeps it up: each `commit` is all or nothing.

    After a commit that failed, what was read is to be read again.
    """

    def __init__(self, store: IStateStore) -> None:
        self._store = store
        self._versions: dict[str, int] = {}

    async def load(self, new_device_id: Callable[[], str]) -> tuple[Replica, list[Operation]]:
        """The replica and the outbox, in order; a device id is made up the first time."""
        self._versions.clear()
        device = await self._store.get("sync", "device")
        if device is None:
            device_id = new_device_id()
            await self._store.put_if("sync", "device", {"device_id": device_id}, 0)
        else:
            device_id = device.value["device_id"]
        replica = Replica(device_id)
        async for row in self._rows("entry/"):
            found = convert(row.value, Operation)
            replica.adopt({found.subject: found})
        outbox = [convert(row.value, Operation) async for row in self._rows("outbox/")]
        head = await self._store.get("sync", "head")
        if head is not None:
            self._versions["head"] = head.version
            kept = convert(head.value, _Head)
            replica.frontier = kept.frontier
            replica.base_checkpoint = kept.base_checkpoint
            replica.clock.observe(kept.hlc)
        return replica, outbox

    async def commit(self, replica: Replica, change: ReplicaChange) -> None:
        """Write *change*, then let *replica* know it.

        Raises StaleVersion if somebody else has written, StoreUnavailable.
        """
        frontier, winners = change.frontier, change.winners
        head = _Head(
            {**replica.frontier, **frontier},
            max((replica.clock.latest, *(found.hlc for found in winners.values()))),
            change.base_checkpoint or replica.base_checkpoint,
        )
        puts: dict[str, JsonObject] = {"head": to_value(head)}
        for subject, found in winners.items():
            puts[_entry_key(subject)] = to_value(found)
        for recorded in change.recorded:
            puts[_outbox_key(recorded)] = to_value(recorded)
        changes: list[RowOperation] = [
            Put("sync", key, value, self._versions.get(key, 0)) for key, value in puts.items()
        ]
        for key in map(_outbox_key, change.pushed):
            changes.append(Delete("sync", key, self._versions[key]))
        versions = await self._store.transact(changes)
        for written, version in zip(changes, versions, strict=True):
            self._versions[written.key] = version
        replica.frontier = head.frontier
        replica.base_checkpoint = head.base_checkpoint
        replica.clock.observe(head.hlc)
        replica.adopt(winners)

    async def _rows(self, prefix: str) -> AsyncIterator[Row]:
        after = ""
        while rows := await self._store.query("sync", prefix, after=after, limit=_PAGE):
            for row in rows:
                self._versions[row.key] = row.version
                yield row
            after = rows[-1].key


def _entry_key(subject: str) -> str:
    return f"entry/{sha256(subject.encode()).hexdigest()}"


def _outbox_key(operation: Operation) -> str:
    return f"outbox/{operation.seq:016d}"
