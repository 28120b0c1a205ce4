"""JournalFile: when files appear, whole lines only, failures, rotation, syncing."""

import os
import stat
import subprocess
import sys
from errno import EIO, EMFILE
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog import files
from car.eventlog import journal as journal_module
from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.eventlog.log import EventLog
from car.eventlog.reading import read_journal, verify_file
from tests.eventlog.fakes import AT, FailingWrites, write_journal

EFBIG_SCRIPT = """
import resource, sys
from pathlib import Path
from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.eventlog.log import EventLog
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
journal = JournalFile(Path(sys.argv[1]), "c-1")
log = EventLog("c-1", lambda: 0.0, journal)
failures = 0
for number in range(20):
    log.record("state_changed", {"n": number})
    try:
        journal.flush()
    except JournalError as problem:
        failures += 1
        assert str(problem) == "the journal c-1.jsonl cannot be written: File too large", problem
size = Path(sys.argv[1], "c-1.jsonl").stat().st_size
assert failures > 10 and size < 1000, (failures, size)
assert not journal.retry()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert journal.retry()
journal.close()
"""


class JournalCase(SynchronousTestCase):
    """A directory, and a journal in it."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = self.directory / "c-1.jsonl"

    def journal(self, rotate_bytes: int = 2**28, buffer_bytes: int = 2**24) -> JournalFile:
        """A journal that is closed at the end of the test."""
        journal = JournalFile(
            self.directory, "c-1", rotate_bytes=rotate_bytes, buffer_bytes=buffer_bytes
        )

        def close() -> None:
            journal.retry()
            journal.close()

        self.addCleanup(close)
        return journal

    def numbers(self) -> list[int]:
        """The numbers of all lines that can be read."""
        return [line.event.number for line in read_journal(self.path) if line.event is not None]


class FileTests(JournalCase):
    """What there is on the disk, and when."""

    def test_no_line_no_file(self) -> None:
        """A journal to which nothing is appended leaves no file."""
        journal = self.journal()
        journal.flush()
        journal.sync()
        journal.close()
        self.assertEqual((list(self.directory.iterdir()), journal.parts()), ([], []))

    def test_written_at_flush(self) -> None:
        """Lines wait for the flush, which writes all of them at once."""
        journal = self.journal()
        writes = FailingWrites(0)
        self.patch(os, "write", writes)
        for number in range(300):
            journal.append(b'{"n":%d}\n' % number)
        self.assertEqual((journal.pending, self.path.exists()), (True, False))
        journal.flush()
        self.assertEqual((journal.pending, writes.calls), (False, 1))
        self.assertEqual(self.path.read_bytes().count(b"\n"), 300)
        self.assertEqual(journal.parts(), [self.path])

    def test_mode(self) -> None:
        """Files are 0600 whatever the umask says."""
        self.addCleanup(os.umask, os.umask(0))
        journal = self.journal(rotate_bytes=10)
        for _ in range(2):
            journal.append(b"0123456789\n")
            journal.flush()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in journal.parts()]
        self.assertEqual(modes, [0o600, 0o600])

    def test_existing_file(self) -> None:
        """The journal of an earlier connection is neither truncated nor appended to."""
        self.path.write_text("earlier\n")
        journal = self.journal()
        journal.append(b"line\n")
        problem = self.assertRaises(JournalError, journal.flush)
        self.assertEqual(str(problem), "the journal c-1.jsonl cannot be written: File exists")
        self.assertEqual(self.path.read_text(), "earlier\n")
        self.path.unlink()

    def test_symlink(self) -> None:
        """A link in the journal's place is not followed."""
        elsewhere = self.directory / "elsewhere"
        self.path.symlink_to(elsewhere)
        journal = self.journal()
        journal.append(b"line\n")
        self.assertRaises(JournalError, journal.flush)
        self.assertFalse(elsewhere.exists())
        self.path.unlink()

    def test_names(self) -> None:
        """No client id leads out of the directory."""
        for client_id in ("../x", "c-../x", "c-a/b", "c-A", "c-a.2", "c-", "", "c-a\n", "c-a\0"):
            self.assertRaises(JournalError, JournalFile, self.directory, client_id)

    def test_closed(self) -> None:
        """Closing flushes; a line that comes later is refused."""
        journal = self.journal()
        journal.append(b"line\n")
        journal.close()
        self.assertEqual(self.path.read_bytes(), b"line\n")
        problem = self.assertRaises(JournalError, journal.append, b"late\n")
        self.assertEqual(str(problem), "the journal c-1.jsonl is closed")
        self.assertFalse(journal.retry())
        journal.close()

    def test_descriptors(self) -> None:
        """A closed journal holds no descriptor, whatever happened before."""
        before = len(os.listdir("/proc/self/fd"))
        write_journal(self.directory, 30, rotate_bytes=500)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class RotationTests(JournalCase):
    """Parts: ``.2.jsonl`` and so on."""

    def test_numbers_run_through(self) -> None:
        """Numbers and chain run through the parts; no part is longer than the limit."""
        path = write_journal(self.directory, 40, chain=True, rotate_bytes=2000)
        names = sorted(path.name for path in self.directory.iterdir())
        self.assertEqual(names[:3], ["c-1.2.jsonl", "c-1.3.jsonl", "c-1.4.jsonl"])
        self.assertGreater(len(names), 5)
        self.assertEqual(self.numbers(), [*range(1, 41)])
        self.assertTrue(all(part.stat().st_size <= 2000 for part in self.directory.iterdir()))
        report = verify_file(path)
        self.assertEqual((report.verified, report.tampered_at, report.gaps), (40, None, []))

    def test_tenth_part(self) -> None:
        """Parts are ordered by number, not by name."""
        write_journal(self.directory, 25, rotate_bytes=200)
        self.assertTrue((self.directory / "c-1.25.jsonl").exists())
        self.assertEqual(self.numbers(), [*range(1, 26)])

    def test_ended_parts_are_synced(self) -> None:
        """A sync covers parts that were ended since the last one."""
        synced: list[int] = []
        self.patch(journal_module, "force_down", synced.append)
        journal = self.journal(rotate_bytes=10)
        for _ in range(3):
            journal.append(b"0123456789\n")
            journal.flush()
        journal.sync()
        self.assertEqual(len(synced), 3)
        journal.sync()  # nothing new
        self.assertEqual(len(synced), 3)


class FailureTests(JournalCase):
    """Writes that fail (procedure 5)."""

    def test_nth_write(self) -> None:
        """Whichever write fails, wholly or in the middle: no torn line, no line lost."""
        for short in (False, True):
            for nth in range(1, 51):
                directory = self.directory / f"{nth}-{short}"
                directory.mkdir()
                journal = JournalFile(directory, "c-1")
                log = EventLog("c-1", lambda: AT, journal)
                self.patch(os, "write", FailingWrites(nth, short=short))
                failures = 0
                for number in range(52):
                    log.record("state_changed", {"n": number})
                    try:
                        journal.flush()
                    except JournalError:
                        failures += 1
                        content = (directory / "c-1.jsonl").read_bytes()
                        self.assertEqual(content.count(b"\n"), nth - 1)
                        self.assertTrue(content.endswith(b"\n") or not content)
                        self.assertTrue(journal.pending)
                        self.assertTrue(journal.retry())
                journal.close()
                self.assertEqual(failures, 1)
                report = verify_file(directory / "c-1.jsonl")
                self.assertEqual((report.lines, report.gaps, report.broken), (52, [], []))

    def test_stands_until_retried(self) -> None:
        """A failure stands, and is raised again by each flush, until a retry succeeds."""
        journal = self.journal()
        journal.append(b"1\n")
        self.patch(os, "write", FailingWrites(1))
        self.assertRaises(JournalError, journal.flush)
        journal.append(b"2\n")
        problem = self.assertRaises(JournalError, journal.flush)
        self.assertEqual(
            str(problem), "the journal c-1.jsonl cannot be written: Input/output error"
        )
        self.assertIsNotNone(journal.failed)
        self.assertTrue(journal.retry())
        self.assertIsNone(journal.failed)
        self.assertEqual(self.path.read_bytes(), b"1\n2\n")

    def test_cut_fails_too(self) -> None:
        """Half a line that cannot be cut off at once is cut off before the next write."""
        journal = self.journal()
        journal.append(b"first\n")
        journal.flush()
        truncate = os.ftruncate

        def failing_truncate(fd: int, length: int) -> None:
            self.patch(os, "ftruncate", truncate)
            raise OSError(EIO, "Input/output error")

        self.patch(os, "write", FailingWrites(1, short=True))
        self.patch(os, "ftruncate", failing_truncate)
        journal.append(b"second\n")
        self.assertRaises(JournalError, journal.flush)
        self.assertEqual(self.path.read_bytes(), b"first\nsec")
        self.assertTrue(journal.retry())
        self.assertEqual(self.path.read_bytes(), b"first\nsecond\n")

    def test_short_writes(self) -> None:
        """A system that takes an octet at a time gets all of them."""
        write = os.write
        self.patch(os, "write", lambda fd, content: write(fd, bytes(content)[:1]))
        journal = self.journal()
        journal.append(b"a line\n")
        journal.append(b"another\n")
        journal.flush()
        self.assertEqual(self.path.read_bytes(), b"a line\nanother\n")

    def test_buffer_is_bounded(self) -> None:
        """A journal that has failed takes lines up to its bound, then refuses them."""
        journal = self.journal(buffer_bytes=30)
        journal.append(b"0123456789\n")
        self.patch(os, "write", FailingWrites(1))
        self.assertRaises(JournalError, journal.flush)
        journal.append(b"0123456789\n")
        self.assertRaises(JournalError, journal.append, b"0123456789\n")
        self.assertTrue(journal.retry())
        journal.append(b"0123456789\n")
        journal.flush()
        self.assertEqual(self.path.read_bytes(), b"0123456789\n" * 3)

    def test_close_while_failing(self) -> None:
        """Closing a journal that still fails says so, and lets go of the file."""
        journal = self.journal()
        journal.append(b"line\n")
        writes = FailingWrites(1)
        self.patch(os, "write", writes)
        self.assertRaises(JournalError, journal.flush)
        self.patch(os, "write", FailingWrites(1))
        self.assertRaises(JournalError, journal.close)
        self.assertFalse(journal.pending)
        journal.flush()
        journal.close()

    def test_file_size_limit(self) -> None:
        """A real process at its RLIMIT_FSIZE: whole lines only, alive, and it recovers."""
        root = Path(journal_module.__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", EFBIG_SCRIPT, str(self.directory)],
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.numbers(), [*range(1, 21)])


class SyncTests(JournalCase):
    """Forcing down what was written."""

    def failing_sync(self) -> None:
        """Let the next sync of data fail."""
        force_down = files.force_down

        def fail(fd: int) -> None:
            self.patch(journal_module, "force_down", force_down)
            raise OSError(EIO, "Input/output error")

        self.patch(journal_module, "force_down", fail)

    def lines(self, journal: JournalFile, *numbers: int) -> None:
        """Append and flush a line for each of *numbers*."""
        for number in numbers:
            journal.append(
                b'{"id":"e-%d","timestamp":"","kind":"k","action_id":null,"proposal_id":null,'
                b'"data":{},"t_mono_ms":0}\n' % number
            )
            journal.flush()

    def test_file_and_directory(self) -> None:
        """The first sync forces down the new file's entry too, later ones the data only."""
        calls: list[str] = []
        self.patch(journal_module, "force_down", lambda fd: calls.append("data"))
        self.patch(
            journal_module, "force_down_directory", lambda directory: calls.append("directory")
        )
        journal = self.journal()
        self.assertFalse(journal.dirty)
        self.lines(journal, 1)
        self.assertTrue(journal.dirty)
        journal.sync()
        self.assertFalse(journal.dirty)
        self.lines(journal, 2)
        journal.sync()
        self.assertEqual(calls, ["data", "directory", "data"])

    def test_not_durable(self) -> None:
        """A journal that need not outlive the power is never synced."""
        calls: list[int] = []
        self.patch(journal_module, "force_down", calls.append)
        journal = JournalFile(self.directory, "c-1", durable=False, rotate_bytes=10)
        self.lines(journal, 1, 2)
        self.assertFalse(journal.dirty)
        journal.sync()
        journal.close()
        self.assertEqual(calls, [])

    def test_flush_meanwhile(self) -> None:
        """Lines flushed, and a part ended, while a sync runs are left for the next one."""
        journal = self.journal(rotate_bytes=150)
        synced: list[int] = []

        def force_down(fd: int) -> None:
            if not synced:
                self.lines(journal, 2, 3)
            synced.append(fd)

        self.patch(journal_module, "force_down", force_down)
        self.lines(journal, 1)
        journal.sync()
        self.assertEqual(len(synced), 1)
        journal.sync()
        self.assertEqual(len(synced), 4)  # the two parts ended meanwhile, and the third
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_out_of_descriptors(self) -> None:
        """A sync for which no descriptor is left fails, but spoils and keeps nothing."""
        journal = self.journal(rotate_bytes=150)
        self.lines(journal, 1, 2)
        before = len(os.listdir("/proc/self/fd"))
        dup = os.dup
        taken: list[int] = []

        def scarce(fd: int) -> int:
            if taken:
                raise OSError(EMFILE, "Too many open files")
            taken.append(dup(fd))
            return taken[0]

        self.patch(os, "dup", scarce)
        self.assertRaises(JournalError, journal.sync)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        self.patch(os, "dup", dup)
        self.assertIsNone(journal.failed)
        journal.sync()
        self.assertFalse(journal.dirty)

    def test_failed_sync(self) -> None:
        """After a failed sync a new part begins with all that was not known to be safe."""
        journal = self.journal()
        self.lines(journal, 1, 2)
        journal.sync()
        self.lines(journal, 3, 4)
        self.failing_sync()
        problem = self.assertRaises(JournalError, journal.sync)
        self.assertEqual(str(problem), "the journal c-1.jsonl cannot be synced: Input/output error")
        self.assertRaises(JournalError, journal.sync)
        self.assertTrue(journal.retry())
        self.lines(journal, 5)
        journal.sync()
        first, second = journal.parts()
        self.assertEqual(
            (first.read_bytes().count(b"\n"), second.read_bytes().count(b"\n")), (2, 3)
        )
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5])

    def test_failed_sync_over_parts(self) -> None:
        """Parts ended since the last good sync are moved over as well."""
        journal = self.journal(rotate_bytes=150)
        self.lines(journal, 1)
        journal.sync()
        self.lines(journal, 2, 3)
        self.failing_sync()
        self.assertRaises(JournalError, journal.sync)
        journal.append(b"")
        self.assertTrue(journal.retry())
        sizes = [part.read_bytes().count(b"\n") for part in journal.parts()]
        self.assertEqual(sizes[:4], [1, 0, 0, 2])
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_new_part_fails_too(self) -> None:
        """While the new part cannot be forced down either, nothing is taken from the old."""
        journal = self.journal()
        self.lines(journal, 1)
        self.failing_sync()
        self.assertRaises(JournalError, journal.sync)
        self.failing_sync()
        self.assertFalse(journal.retry())
        self.assertEqual([path.name for path in self.directory.iterdir()], ["c-1.jsonl"])
        self.assertTrue(journal.retry())
        self.assertEqual(self.numbers(), [1])

    def test_ended_before_the_old_part_was_cut(self) -> None:
        """A process that ends in between leaves lines twice; they are read once."""
        journal = self.journal()
        self.lines(journal, 1, 2)
        self.failing_sync()
        self.assertRaises(JournalError, journal.sync)
        content = self.path.read_bytes()
        self.assertTrue(journal.retry())
        self.lines(journal, 3)
        self.path.write_bytes(content)
        self.assertEqual(self.numbers(), [1, 2, 3])
