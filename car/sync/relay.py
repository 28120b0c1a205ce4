"""The relay: a directory in which devices leave files for each other.

It may be shared by any means that brings whole files over, in any order.  Every device
writes files of its own only, so none can spoil another's::

    ops/<device>/<first>-<last>.json    operations, in order
    devices/<device>.json               how far a device has read, what it has cut off
    checkpoints/<device>.json           the state of a device and the frontier behind it

All of it blocks: it is called in a thread.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from car.eventlog.files import replace_whole
from car.sync.clock import Hlc
from car.sync.errors import JournalForked, RelayUnavailable
from car.sync.operations import Operation

_log = Logger()
_R = TypeVar("_R")

SEGMENT_OPERATIONS = 500
"""Operations in one file [ours]: some 200 KB, read in milliseconds."""

_DEVICE = re.compile(r"[a-z0-9-]{1,64}")
_SEGMENT = re.compile(r"([0-9]{16})-([0-9]{16})\.json")


class DeviceReport(Struct, frozen=True):
    """What a device says of itself: all it will still record is later than *hlc*.

    *frontier* is what it has read, by device; *floor* the last of its own operations that it
    has cut off.
    """

    device_id: str
    hlc: Hlc
    frontier: dict[str, int]
    floor: int = 0


class Checkpoint(Struct, frozen=True):
    """A state and the frontier of the operations that made it."""

    frontier: dict[str, int]
    entries: list[Operation]

    @property
    def digest(self) -> str:
        """What names it."""
        return sha256(_encode(self)).hexdigest()


class _Segment(NamedTuple):
    first: int
    last: int
    path: Path


class FileRelay:
    """The relay under *directory*.  Every method raises RelayUnavailable where it cannot."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    # ---- operations --------------------------------------------------------------------

    def read(self, frontier: Mapping[str, int]) -> list[Operation]:
        """The operations behind *frontier*, in order by device, up to a segment of each.

        Empty when there are no more.  A file that is damaged ends what is read of its device;
        so does one that has yet to arrive.
        """
        with _told():
            found: list[Operation] = []
            for device in self._named("ops"):
                found += self._read_next(device.name, frontier.get(device.name, 0))
            return found

    def _read_next(self, device_id: str, read: int) -> list[Operation]:
        for segment in self._segments(device_id):
            if segment.first <= read + 1 <= segment.last:
                operations = _read(segment.path, _decode_operations) or []
                if all(op.genuine and op.device_id == device_id for op in operations):
                    return [op for op in operations if op.seq > read]
                _log.error("the relay's file {path} is damaged", path=segment.path)
        return []

    def push(self, device_id: str, operations: Sequence[Operation]) -> tuple[int, int]:
        """Leave operations of this device; how many were new, how many were there already.

        Raises JournalForked if others are there under their numbers.
        """
        with _told():
            last = max((segment.last for segment in self._segments(device_id)), default=0)
            there = [op for op in operations if op.seq <= last]
            self._check_same(device_id, there)
            new = operations[len(there) :]
            for start in range(0, len(new), SEGMENT_OPERATIONS):
                part = new[start : start + SEGMENT_OPERATIONS]
                name = f"{part[0].seq:016d}-{part[-1].seq:016d}.json"
                replace_whole(self._directory / "ops" / device_id / name, _encode(part))
            return len(new), len(there)

    def _check_same(self, device_id: str, operations: list[Operation]) -> None:
        while operations:
            there = {op.seq: op.op_id for op in self._read_next(device_id, operations[0].seq - 1)}
            for op in operations:
                if there.get(op.seq, op.op_id) != op.op_id:
                    raise JournalForked(
                        f"the relay holds another operation {op.seq} of device '{device_id}': "
                        "two daemons run under one device id, or this one's state was restored"
                    )
            operations = [op for op in operations if there and op.seq > max(there)]

    def cut(self, device_id: str, upto: int) -> None:
        """Remove the device's segments that end at *upto* or before.

        Its report must tell that number, its ``floor``, first.
        """
        with _told():
            for segment in self._segments(device_id):
                if segment.last <= upto:
                    segment.path.unlink(missing_ok=True)

    def floor(self, device_id: str, upto: int) -> int:
        """The last operation that `cut` would remove."""
        with _told():
            ends = (segment.last for segment in self._segments(device_id))
            return max((last for last in ends if last <= upto), default=0)

    # ---- devices -----------------------------------------------------------------------

    def report(self, report: DeviceReport) -> None:
        """Leave this device's report."""
        with _told():
            replace_whole(self._directory / "devices" / f"{report.device_id}.json", _encode(report))

    def roster(self) -> list[DeviceReport]:
        """The reports of all devices, by device id."""
        with _told():
            found = (_read(path, _decode_report) for path in self._named("devices", ".json"))
            return [report for report in found if report is not None]

    # ---- checkpoints -------------------------------------------------------------------

    def publish(self, device_id: str, checkpoint: Checkpoint) -> str:
        """Leave this device's checkpoint in place of its last one; what names it."""
        with _told():
            replace_whole(
                self._directory / "checkpoints" / f"{device_id}.json", _encode(checkpoint)
            )
            return checkpoint.digest

    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoint of each device that left one, by device id; damaged ones left out."""
        with _told():
            found = []
            for path in self._named("checkpoints", ".json"):
                checkpoint = _read(path, _decode_checkpoint)
                if checkpoint is not None and all(op.genuine for op in checkpoint.entries):
                    found.append(checkpoint)
            return found

    # ---- files -------------------------------------------------------------------------

    def _segments(self, device_id: str) -> list[_Segment]:
        found = []
        for path in self._listed(f"ops/{device_id}"):
            match = _SEGMENT.fullmatch(path.name)
            if match:
                found.append(_Segment(int(match[1]), int(match[2]), path))
        return found

    def _named(self, part: str, suffix: str = "") -> Iterator[Path]:
        """What in *part* bears a device's id; drafts and strangers' files are passed over."""
        for path in self._listed(part):
            if path.name.endswith(suffix) and _DEVICE.fullmatch(path.name.removesuffix(suffix)):
                yield path

    def _listed(self, part: str) -> list[Path]:
        directory = self._directory / part
        return sorted(directory.iterdir()) if directory.exists() else []


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_operations = msgspec.json.Decoder(list[Operation])
_decode_report = msgspec.json.Decoder(DeviceReport)
_decode_checkpoint = msgspec.json.Decoder(Checkpoint)


def _read(path: Path, decoder: "msgspec.json.Decoder[_R]") -> _R | None:
    """What a file holds; None, and a word in the log, for one that is damaged."""
    try:
        return decoder.decode(path.read_bytes())
    except FileNotFoundError:  # its device has cut it off meanwhile
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        _log.error("the relay's file {path} is damaged: {problem}", path=path, problem=problem)
        return None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell an OSError as RelayUnavailable; the path goes to the log only."""
    try:
        yield
    except OSError as problem:
        _log.error("the sync relay failed: {problem}", problem=problem)
        raise RelayUnavailable(f"the sync relay is unavailable: {problem.strerror}") from problem
