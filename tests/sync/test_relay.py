"""The relay's files."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog import files
from car.sync import relay as relay_module
from car.sync.clock import Hlc
from car.sync.errors import JournalForked, RelayUnavailable
from car.sync.operations import Operation
from car.sync.relay import Checkpoint, DeviceReport, FileRelay
from tests.sync.doubles import op


def ops(*numbers: int, device: str = "dev-a") -> list[Operation]:
    """Operations with these numbers."""
    return [op(device, n) for n in numbers]


class FileRelayTests(SynchronousTestCase):
    """FileRelay: operations, reports, checkpoints."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.mktemp()) / "relay"
        self.relay = FileRelay(self.directory)

    def read(self, **frontier: int) -> list[int]:
        """The numbers of the operations behind a frontier of dev-a."""
        return [found.seq for found in self.relay.read({"dev-a": frontier.get("a", 0)})]

    def segment(self) -> Path:
        """The first file of dev-a."""
        return min((self.directory / "ops" / "dev-a").iterdir())

    def test_empty(self) -> None:
        """A relay that nobody used is empty, and reading makes nothing."""
        self.assertEqual(self.relay.read({}), [])
        self.assertEqual(self.relay.roster(), [])
        self.assertEqual(self.relay.checkpoints(), [])
        self.assertFalse(self.directory.exists())

    def test_push(self) -> None:
        """What was left is read behind any frontier; what is there already is counted."""
        self.assertEqual(self.relay.push("dev-a", ops(1, 2)), (2, 0))
        self.assertEqual(self.relay.push("dev-a", ops(2, 3, 4)), (2, 1))
        self.assertEqual(self.relay.push("dev-a", ops(1, 2, 3, 4)), (0, 4))
        self.assertEqual(self.relay.push("dev-a", []), (0, 0))
        self.assertEqual(self.read(), [1, 2])
        self.assertEqual(self.read(a=1), [2])
        self.assertEqual(self.read(a=2), [3, 4])
        self.assertEqual(self.read(a=4), [])

    def test_segments(self) -> None:
        """Many operations make several files."""
        self.patch(relay_module, "SEGMENT_OPERATIONS", 3)
        self.relay.push("dev-a", ops(*range(1, 9)))
        self.assertEqual(self.read(), [1, 2, 3])
        self.assertEqual(self.read(a=6), [7, 8])
        self.assertEqual(self.segment().stat().st_mode & 0o777, 0o600)

    def test_forked(self) -> None:
        """Another operation under a number that is taken is noticed."""
        self.relay.push("dev-a", ops(1, 2, 3))
        with self.assertRaises(JournalForked):
            self.relay.push("dev-a", [op(seq=3, payload={"other": 1}), op(seq=4)])

    def test_damaged(self) -> None:
        """A damaged file ends what is read of its device, and of no other."""
        self.relay.push("dev-a", ops(1))
        self.relay.push("dev-b", ops(1, device="dev-b"))
        whole = self.segment().read_bytes()
        for content in (whole[:-9], b"\xff\xfe", whole.replace(b'"seq":1', b'"seq":2')):
            self.segment().write_bytes(content)
            self.assertEqual([o.device_id for o in self.relay.read({})], ["dev-b"])
        self.segment().write_bytes(whole)
        self.assertEqual(len(self.relay.read({})), 2)

    def test_strangers(self) -> None:
        """Drafts and files of others are passed over."""
        self.relay.push("dev-a", ops(1))
        self.relay.report(DeviceReport("dev-a", Hlc(1, 0, "dev-a"), {}))
        for name in ("ops/.sync", "ops/Dev A", "devices/x.tmp", "devices/.dev-b.json.12"):
            (self.directory / name).write_bytes(b"{")
        (self.directory / "ops" / "dev-a" / "notes.txt").write_bytes(b"")
        self.assertEqual(self.read(), [1])
        self.assertEqual([report.device_id for report in self.relay.roster()], ["dev-a"])

    def test_cut(self) -> None:
        """Whole files that end where told or before are cut off, and read as not there."""
        for numbers in ((1, 2), (3, 4), (5,)):
            self.relay.push("dev-a", ops(*numbers))
        self.assertEqual(self.relay.floor("dev-a", 1), 0)
        self.assertEqual(self.relay.floor("dev-a", 4), 4)
        self.relay.cut("dev-a", 4)
        self.assertEqual(self.read(), [])
        self.assertEqual(self.read(a=4), [5])

    def test_reports(self) -> None:
        """A device's last report is what counts."""
        for wall_ms in (1, 2):
            self.relay.report(DeviceReport("dev-a", Hlc(wall_ms, 0, "dev-a"), {"dev-b": 1}))
        (report,) = self.relay.roster()
        self.assertEqual(report.hlc.wall_ms, 2)
        self.assertEqual(len(list((self.directory / "devices").iterdir())), 1)

    def test_checkpoints(self) -> None:
        """One checkpoint a device, named by what it holds."""
        one, two = Checkpoint({"dev-a": 1}, ops(1)), Checkpoint({"dev-a": 2}, ops(1, 2))
        self.relay.publish("dev-a", one)
        self.assertEqual(self.relay.publish("dev-a", two), two.digest)
        self.assertNotEqual(one.digest, two.digest)
        self.assertEqual(self.relay.checkpoints(), [two])
        path = self.directory / "checkpoints" / "dev-a.json"
        path.write_bytes(path.read_bytes().replace(b"knowledge", b"skill"))
        self.assertEqual(self.relay.checkpoints(), [])

    def test_unavailable(self) -> None:
        """A relay that cannot be used is told without its path, and no draft stays."""
        self.directory.parent.mkdir()
        self.directory.write_bytes(b"in the way")
        with self.assertRaises(RelayUnavailable) as raised:
            self.relay.push("dev-a", ops(1))
        self.assertNotIn(str(self.directory), str(raised.exception))
        self.assertEqual(raised.exception.code, "relay")

    def test_failed_write(self) -> None:
        """A write that fails midway leaves nothing."""

        def fail(fd: int, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        self.patch(files, "write_whole", fail)
        with self.assertRaises(RelayUnavailable):
            self.relay.push("dev-a", ops(1))
        self.assertEqual(list((self.directory / "ops" / "dev-a").iterdir()), [])
