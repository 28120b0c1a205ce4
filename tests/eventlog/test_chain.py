"""The hash chain: its exact definition, and what it finds."""

from hashlib import sha256
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.chain import CHAIN_BYTES, GENESIS
from car.eventlog.journal import JournalFile
from car.eventlog.line import parse_event
from car.eventlog.log import EventLog, TamperedAt
from car.eventlog.reading import verify_file
from tests.eventlog.fakes import AT, write_journal


class ChainCase(SynchronousTestCase):
    """A chained journal of six lines, one of them a record."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = self.directory / "c-1.jsonl"
        self.journal = JournalFile(self.directory, "c-1")
        self.addCleanup(self.journal.close)
        self.log = EventLog("c-1", lambda: AT, self.journal)

    def append(self, count: int) -> None:
        """Append *count* lines, a record and then events, and flush."""
        for number in range(count):
            self.log.record("state_changed" if number else "record_state", {"n": number}, "a")
        self.journal.flush()

    def edit(self, index: int, *lines: bytes) -> None:
        """Put *lines* in place of the line at *index*."""
        content = self.path.read_bytes().splitlines(keepends=True)
        content[index : index + 1] = lines
        self.path.write_bytes(b"".join(content))

    def line(self, index: int) -> bytes:
        """The line at *index*, newline included."""
        return self.path.read_bytes().splitlines(keepends=True)[index]


class DefinitionTests(ChainCase):
    """What is hashed."""

    def test_definition(self) -> None:
        """hash is the SHA-256 of prev_hash and the line as written without hash."""
        self.log.enable_chain()
        self.append(3)
        prev_hash = GENESIS
        for raw in self.path.read_bytes().splitlines():
            cut = raw.index(b',"hash":"')
            digest = sha256(prev_hash + raw[:cut] + b"}").hexdigest().encode()
            self.assertEqual(raw[cut:], b',"hash":"' + digest + b'"}')
            self.assertTrue(raw[:cut].endswith(b',"prev_hash":"' + prev_hash + b'"'))
            self.assertEqual(parse_event(raw).hash, digest.decode())
            prev_hash = digest

    def test_length(self) -> None:
        """The two members make a line longer by the documented number of octets."""
        self.append(1)
        plain = len(self.line(0))
        self.log.enable_chain()
        self.append(1)
        self.assertEqual(len(self.line(1)) - plain, CHAIN_BYTES)

    def test_off_until_enabled(self) -> None:
        """Lines before the enabling are unchained; enabling twice changes nothing."""
        self.append(2)
        self.assertEqual((self.log.chained, self.log.verify_chain()), (False, 0))
        self.log.enable_chain()
        self.append(3)
        self.log.enable_chain()
        self.append(1)
        self.assertEqual((self.log.chained, self.log.verify_chain()), (True, 4))
        report = verify_file(self.path)
        self.assertEqual((report.lines, report.verified, report.chained), (6, 4, True))


class TamperingTests(ChainCase):
    """What a check finds."""

    def setUp(self) -> None:
        super().setUp()
        self.append(2)
        self.log.enable_chain()
        self.append(4)

    def assertTampered(self, index: int) -> None:
        """The log, and a check of the file alone, find line *index*."""
        self.assertEqual(self.log.verify_chain(), TamperedAt(index))
        self.assertEqual(verify_file(self.path).tampered_at, index)

    def test_changed(self) -> None:
        """A changed octet is found."""
        self.edit(3, self.line(3).replace(b'"n":1', b'"n":7'))
        self.assertTampered(3)

    def test_every_octet(self) -> None:
        """Each octet of a chained line matters."""
        whole = self.path.read_bytes()
        good = self.line(4)
        for place in range(len(good)):
            self.edit(4, good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            self.assertIsNotNone(verify_file(self.path).tampered_at, place)
            self.path.write_bytes(whole)

    def test_removed(self) -> None:
        """A line that was taken out is found at the one after it."""
        self.edit(3)
        self.assertTampered(3)

    def test_swapped(self) -> None:
        """Two lines that changed places are found."""
        third, fourth = self.line(3), self.line(4)
        self.edit(3, fourth)
        self.edit(4, third)
        self.assertTampered(3)

    def test_unchained_line_inside(self) -> None:
        """A line without the members is found once the chain has begun."""
        self.edit(4, self.line(0))
        self.assertTampered(4)

    def test_end_cut_off(self) -> None:
        """The log itself also notices lines missing from the end; a file alone cannot."""
        self.edit(5)
        self.assertEqual(self.log.verify_chain(), TamperedAt(5))
        self.assertEqual(verify_file(self.path).verified, 3)

    def test_all_chained_lines_cut_off(self) -> None:
        """Also when no chained line is left."""
        for _ in range(4):
            self.edit(2)
        self.assertEqual(self.log.verify_chain(), TamperedAt(2))

    def test_before_the_chain(self) -> None:
        """Lines from before the enabling are not covered."""
        self.edit(1, self.line(1).replace(b'"n":1', b'"n":9'))
        self.assertEqual(self.log.verify_chain(), 4)


class MemoryTests(SynchronousTestCase):
    """A log without a file."""

    def setUp(self) -> None:
        self.log = EventLog("c-1", lambda: AT, memory_limit=5, chain=True)

    def test_gaps_of_memory(self) -> None:
        """Records and lines that left memory do not disturb the check."""
        for number in range(9):
            self.log.record("record_state" if number == 6 else "state_changed", {})
        self.assertEqual(self.log.verify_chain(), 5)

    def test_tampered(self) -> None:
        """A line changed in memory is found."""
        for _ in range(3):
            self.log.record("state_changed", {"n": 1})
        self.log._memory[1] = self.log._memory[1].replace(b'"n":1', b'"n":2')
        self.assertEqual(self.log.verify_chain(), TamperedAt(1))

    def test_no_lines(self) -> None:
        """A log without lines verifies none."""
        self.assertEqual(self.log.verify_chain(), 0)


class SliceTests(SynchronousTestCase):
    """EventLog.verify_slices."""

    def test_slices(self) -> None:
        """A long check pauses, and does not see what is appended meanwhile as missing."""
        directory = Path(self.mktemp())
        directory.mkdir()
        journal = JournalFile(directory, "c-1", rotate_bytes=900)
        clock = Clock()
        seconds = iter(range(10_000))
        log = EventLog(
            "c-1", clock.seconds, journal, monotonic=lambda: next(seconds) * 0.0009, chain=True
        )
        for _ in range(12):
            log.record("state_changed", {})
        verdicts = []
        for verdict in log.verify_slices():
            verdicts.append(verdict)
            log.record("state_changed", {})
            journal.flush()
        journal.close()
        self.assertGreater(len(verdicts), 3)
        self.assertEqual(set(verdicts[:-1]), {None})
        self.assertEqual(verdicts[-1], 12)

    def test_rotated(self) -> None:
        """A check covers all parts."""
        directory = Path(self.mktemp())
        directory.mkdir()
        path = write_journal(directory, 20, chain=True, rotate_bytes=1000)
        self.assertEqual(verify_file(path).verified, 20)
        middle = directory / "c-1.3.jsonl"
        middle.write_bytes(middle.read_bytes().replace(b"owl", b"cat", 1))
        self.assertIsNotNone(verify_file(path).tampered_at)
