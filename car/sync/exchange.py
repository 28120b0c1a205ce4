"""Exchange with other devices through the relay: pump, checkpoint, rebase.

One at a time.  Recording goes on meanwhile: it does not wait for the relay, which may be slow.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from twisted.internet.defer import DeferredLock

from car.store.thread import InThread
from car.sync.clock import Hlc
from car.sync.errors import FrontierTruncated
from car.sync.journal import Journal
from car.sync.operations import Operation
from car.sync.relay import Checkpoint, DeviceReport, FileRelay

_FOLD_AT_ONCE = 100
"""Operations folded in one transaction: what keeps the reactor for a few milliseconds."""


class Pumped(Struct, frozen=True):
    """What a pump did, and the state it led to; *acked* is what this device reported."""

    pushed: int
    push_deduped: int
    folded: int
    acked: Hlc
    state_hash: str


class Exchange:
    """What passes between a device's journal and the relay.

    *in_thread* calls a function in any thread.  Coroutines raise RelayUnavailable where the
    relay fails, StoreUnavailable where the store does; what was done until then stays, and
    the next call goes on from there.
    """

    def __init__(self, journal: Journal, relay: FileRelay, in_thread: InThread) -> None:
        self._journal = journal
        self._relay = relay
        self._in_thread = in_thread
        self._lock = DeferredLock()

    async def roster(self) -> list[DeviceReport]:
        """The reports of all devices, this one's too if it has made one."""
        found: list[DeviceReport] = await self._in_thread(self._relay.roster)
        return found

    async def pump(self) -> Pumped:
        """Read what others left, leave what they lack, report.

        Raises FrontierTruncated, JournalForked.
        """
        async with self._lock:
            roster = await self.roster()
            await self._check_floors(roster)
            folded = await self._fold_all()
            replica = await self._journal.replica()
            sent, hlc = await self._journal.outbox()
            new, known = await self._in_thread(self._relay.push, replica.device_id, sent)
            await self._journal.passed_on(sent)
            replica = await self._journal.replica()
            own = _report_of(replica.device_id, roster)
            report = DeviceReport(
                replica.device_id, hlc, dict(replica.frontier), own.floor if own else 0
            )
            await self._in_thread(self._relay.report, report)
            return Pumped(new, known, folded, hlc, replica.state_hash)

    async def checkpoint(self) -> tuple[bool, str | None]:
        """Leave this state for devices to come; whether it was new, and what names it.

        Operations of this device that every other has read are then cut off.
        """
        async with self._lock:
            replica = await self._journal.replica()
            if not replica.frontier:
                return False, None
            checkpoint = Checkpoint(dict(replica.frontier), replica.entries())
            device_id, last = replica.device_id, replica.base_checkpoint
            digest = await self._in_thread(_digest, checkpoint)
            if digest == last:
                return False, digest
            await self._in_thread(self._relay.publish, device_id, checkpoint)
            await self._journal.rebase({}, digest)
            await self._cut(device_id, checkpoint.frontier.get(device_id, 0))
            return True, digest

    async def rebase(self) -> tuple[bool, str | None]:
        """Take in every checkpoint; whether one told anything new, and the last that did.

        A state and a checkpoint are joined as operations are: nothing recorded here is lost.
        """
        async with self._lock:
            checkpoints: list[Checkpoint] = await self._in_thread(self._relay.checkpoints)
            rebased = False
            for checkpoint in checkpoints:
                known = (await self._journal.replica()).frontier
                if all(known.get(id, 0) >= seq for id, seq in checkpoint.frontier.items()):
                    continue
                for start in range(0, len(checkpoint.entries), _FOLD_AT_ONCE):
                    await self._journal.join(checkpoint.entries[start : start + _FOLD_AT_ONCE])
                digest = await self._in_thread(_digest, checkpoint)
                await self._journal.rebase(checkpoint.frontier, digest)
                rebased = True
            return rebased, (await self._journal.replica()).base_checkpoint

    async def _check_floors(self, roster: Sequence[DeviceReport]) -> None:
        known = (await self._journal.replica()).frontier
        for report in roster:
            if report.floor > known.get(report.device_id, 0):
                raise FrontierTruncated(
                    f"FrontierTruncated: operations of '{report.device_id}' up to "
                    f"{report.floor} are only in a checkpoint now; call sync.rebase"
                )

    async def _fold_all(self) -> int:
        """Read the relay to its end; how many operations were new."""
        folded, before = 0, -1
        while folded > before:
            before = folded
            frontier = dict((await self._journal.replica()).frontier)
            found: list[Operation] = await self._in_thread(self._relay.read, frontier)
            for start in range(0, len(found), _FOLD_AT_ONCE):
                folded += await self._journal.fold(found[start : start + _FOLD_AT_ONCE])
        return folded

    async def _cut(self, device_id: str, covered: int) -> None:
        """Remove from the relay what everybody has read and a checkpoint holds, up to
        *covered*.  The report says so first, so that nobody waits for it in vain."""
        roster = await self.roster()
        own = _report_of(device_id, roster)
        if own is None:
            return
        read = min(covered, *(report.frontier.get(device_id, 0) for report in roster))
        floor = await self._in_thread(self._relay.floor, device_id, read)
        if floor > own.floor:
            await self._in_thread(self._relay.report, replace(own, floor=floor))
            await self._in_thread(self._relay.cut, device_id, floor)


def _digest(checkpoint: Checkpoint) -> str:
    return checkpoint.digest


def _report_of(device_id: str, roster: Sequence[DeviceReport]) -> DeviceReport | None:
    return next((report for report in roster if report.device_id == device_id), None)
