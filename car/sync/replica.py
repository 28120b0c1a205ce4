"""What one device knows: of each subject the operation that counts, and how far it has read."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from car.ir.json import JsonObject, convert
from car.sync.clock import HybridClock
from car.sync.intents import Intent
from car.sync.operations import Operation
from car.sync.turns import Turn

_MODULUS = 2**256


class Replica:
    """The folded state of a device; plain bookkeeping, kept by ``SyncRows``.

    ``frontier`` is the number of the last operation read, by device.
    """

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id
        self.clock = HybridClock(device_id)
        self.frontier: dict[str, int] = {}
        self.base_checkpoint: str | None = None
        self._entries: dict[str, dict[str, Operation]] = {}  # by surface and subject
        self._digests = 0

    @property
    def next_seq(self) -> int:
        """The number of this device's next operation."""
        return self.frontier.get(self.device_id, 0) + 1

    @property
    def state_hash(self) -> str:
        """Equal on two devices exactly when their state is.

        The sum of the digests of what it consists of, so that it is kept up as that
        changes and the order plays no part.
        """
        return f"{self._digests:064x}"

    # ---- folding -------------------------------------------------------------------------

    def winners(self, operations: Iterable[Operation]) -> dict[str, Operation]:
        """Those of *operations* that take precedence, also over each other, by subject.

        What this version can make nothing of is left out.
        """
        found: dict[str, Operation] = {}
        for operation in operations:
            if not operation.legal:
                continue
            subject = operation.subject
            standing = found.get(subject) or self._of(operation.surface).get(subject)
            if standing is None or operation.precedence > standing.precedence:
                found[subject] = operation
        return found

    def adopt(self, winners: Mapping[str, Operation]) -> None:
        """Let *winners* stand."""
        for subject, operation in winners.items():
            entries = self._entries.setdefault(operation.surface, {})
            replaced = entries.get(subject)
            if replaced is not None:
                self._digests -= _digest(replaced)
            entries[subject] = operation
            self._digests += _digest(operation)
            self.clock.observe(operation.hlc)
        self._digests %= _MODULUS

    def unread(self, operations: Iterable[Operation]) -> tuple[list[Operation], dict[str, int]]:
        """Those of *operations* that come next for their device; the frontier behind them.

        What has been read is left out, as is what follows a gap.
        """
        frontier = dict(self.frontier)
        found = []
        for operation in operations:
            if operation.seq == frontier.get(operation.device_id, 0) + 1:
                frontier[operation.device_id] = operation.seq
                found.append(operation)
        return found, frontier

    def entries(self) -> list[Operation]:
        """All that stands, in the order of (hlc, op_id)."""
        found = (entry for entries in self._entries.values() for entry in entries.values())
        return sorted(found, key=_order)

    # ---- views ---------------------------------------------------------------------------

    def knowledge(self) -> list[JsonObject]:
        """The facts that stand, in the order of (hlc, op_id)."""
        return [found.payload for found in self._sorted("knowledge") if not found.deleted]

    def turns(self, conversation_id: str | None = None) -> list[tuple[Operation, Turn]]:
        """The turns of one conversation or all, in the order of (hlc, op_id)."""
        return [
            (found, convert(found.payload, Turn))
            for found in self._sorted("conversation")
            if conversation_id in (None, found.payload["conversation_id"])
        ]

    def latest_conversation(self) -> str | None:
        """The conversation that was spoken in last."""
        spoken = max(self._of("conversation").values(), key=_order, default=None)
        return None if spoken is None else spoken.payload["conversation_id"]

    def intent(self, agent_id: str, run_id: str) -> Intent | None:
        """What is recorded of a run in any scope; one that is committed before others."""
        found = [
            entry
            for entry in self._of("intent").values()
            if entry.payload["agent_id"] == agent_id and entry.payload["run_id"] == run_id
        ]
        foremost = max(found, key=_precedence, default=None)
        return None if foremost is None else convert(foremost.payload, Intent)

    def _of(self, surface: str) -> Mapping[str, Operation]:
        return self._entries.get(surface, {})

    def _sorted(self, surface: str) -> list[Operation]:
        return sorted(self._of(surface).values(), key=_order)


def _digest(operation: Operation) -> int:
    return int.from_bytes(sha256(operation.op_id.encode()).digest())


def _order(operation: Operation) -> tuple[object, ...]:
    return operation.order


def _precedence(operation: Operation) -> tuple[object, ...]:
    return operation.precedence
