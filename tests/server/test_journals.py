"""Tests of car.server.journals: the directory, the beat, syncs, failures."""

import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.server.config import Durability
from car.server.journals import BEAT_SECONDS, Journals


class JournalsCase(SynchronousTestCase):
    """Journals whose thread work is done when the test says so."""

    durability: Durability = "process"

    def setUp(self) -> None:
        self.clock = Clock()
        self.directory = Path(self.mktemp()) / "deep" / "journals"
        self.work: list[tuple[Deferred[Any], Any, tuple[Any, ...]]] = []
        self.journals = self.make()

    def make(self) -> Journals:
        return Journals(
            self.directory, self.clock, self.in_thread, self.durability, rotate_bytes=2**28
        )

    def in_thread(self, function: Any, *args: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        self.work.append((done, function, args))
        return done

    def run_thread(self) -> int:
        """Do the work there is; how much that was."""
        work, self.work = self.work, []
        for done, function, args in work:
            done.callback(function(*args))
        return len(work)

    def written(self, name: str, line: bytes = b"{}\n") -> JournalFile:
        journal = self.journals.open(name)
        journal.append(line)
        journal.flush()
        return journal

    def fail_writes(self, journal: JournalFile) -> Any:
        """Let *journal* fail; what is given back mends it."""
        broken: Any = journal
        write = broken._write_lines

        def fail() -> None:
            raise OSError(28, "No space left on device")

        broken._write_lines = fail
        journal.append(b"{}\n")
        self.assertRaises(JournalError, journal.flush)
        return lambda: setattr(broken, "_write_lines", write)


class ServiceTests(JournalsCase):
    """Starting, stopping, opening, releasing."""

    def test_directory(self) -> None:
        """Starting makes the directory, closed to others; an existing one keeps its modes."""
        self.journals.startService()
        self.assertEqual(self.directory.stat().st_mode & 0o777, 0o700)
        self.journals.stopService()
        self.directory.chmod(0o750)
        self.journals.startService()
        self.assertEqual(self.directory.stat().st_mode & 0o777, 0o750)
        self.journals.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_directory(self) -> None:
        """A directory that cannot be made is told in one sentence."""
        self.directory.parent.parent.write_text("a file")
        refused = self.assertRaises(JournalError, self.journals.startService)
        self.assertIn(str(self.directory), str(refused))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """Stopping writes, syncs and closes every journal, then fires."""
        self.journals.startService()
        journal = self.journals.open("c-1")
        journal.append(b"{}\n")
        stopped = self.journals.stopService()
        assert stopped is not None
        self.assertNoResult(stopped)
        self.assertEqual((self.directory / "c-1.jsonl").read_bytes(), b"{}\n")
        self.run_thread()
        self.successResultOf(stopped)
        self.assertRaises(JournalError, journal.append, b"{}\n")
        self.assertIsNone(self.journals.stopService())

    def test_release(self) -> None:
        """A session's journal is synced with the next beat, then closed."""
        self.journals.startService()
        journal = self.written("c-1")
        self.journals.release(journal)
        journal.append(b"{}\n")
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.assertRaises(JournalError, journal.append, b"{}\n")
        self.journals.stopService()

    def test_release_when_stopped(self) -> None:
        """After the stop it is closed at once."""
        self.journals.startService()
        journal = self.written("c-1")
        self.journals.stopService()
        self.run_thread()
        self.journals.release(journal)
        self.assertRaises(JournalError, journal.append, b"{}\n")

    def test_no_file(self) -> None:
        """A journal without a line leaves no file."""
        self.journals.startService()
        self.journals.release(self.journals.open("c-1"))
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.assertEqual([p for p in self.directory.iterdir() if p.is_file()], [])
        self.journals.stopService()

    def test_descriptors(self) -> None:
        """No descriptor stays open, however many sessions there were (T12)."""
        before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
        self.journals.startService()
        for n in range(50):
            self.journals.release(self.written(f"c-{n}"))
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.journals.stopService()
        if before:
            self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class BeatTests(JournalsCase):
    """What happens every second."""

    def setUp(self) -> None:
        super().setUp()
        self.journals.startService()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        self.journals.stopService()
        self.run_thread()

    def test_sync(self) -> None:
        """What was written is synced within a second, off the reactor's thread (G2)."""
        journal = self.written("c-1")
        self.assertTrue(journal.dirty)
        self.clock.advance(BEAT_SECONDS)
        self.assertEqual(self.run_thread(), 1)
        self.assertFalse(journal.dirty)
        self.clock.advance(BEAT_SECONDS)
        self.assertEqual(self.run_thread(), 0)

    def test_retry(self) -> None:
        """A journal that failed is tried again, and works once it can (G11)."""
        journal = self.journals.open("c-1")
        mend = self.fail_writes(journal)
        self.clock.advance(BEAT_SECONDS)
        self.assertIsNotNone(self.journals.trouble)
        mend()
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.assertIsNone(self.journals.trouble)
        self.assertEqual((self.directory / "c-1.jsonl").read_bytes(), b"{}\n")

    def test_one_fails(self) -> None:
        """One that fails does not keep the others from the disk."""
        broken, sound = self.journals.open("c-1"), self.written("c-2")
        self.fail_writes(broken)
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.assertFalse(sound.dirty)

    def test_broken_at_the_end(self) -> None:
        """A session may end while its journal is broken; nothing is raised."""
        journal = self.journals.open("c-1")
        self.fail_writes(journal)
        self.journals.release(journal)
        self.clock.advance(BEAT_SECONDS)
        self.run_thread()
        self.assertIsNone(self.journals.trouble)


class PowerTests(JournalsCase):
    """Durability ``power``: group commit."""

    durability = "power"

    def setUp(self) -> None:
        super().setUp()
        self.journals.startService()

    def tearDown(self) -> None:
        self.journals.stopService()
        self.run_thread()

    def test_sync(self) -> None:
        """It fires once the journal is on the disk."""
        journal = self.written("c-1")
        synced = self.journals.sync(journal)
        self.assertNoResult(synced)
        self.run_thread()
        self.successResultOf(synced)
        self.assertFalse(journal.dirty)

    def test_group(self) -> None:
        """Those who ask while a round is under way share the next one."""
        first, second = self.written("c-1"), self.written("c-2")
        early = self.journals.sync(first)
        late = [self.journals.sync(journal) for journal in (second, first, second)]
        self.assertEqual(len(self.work), 1)
        self.run_thread()
        self.successResultOf(early)
        for synced in late:
            self.assertNoResult(synced)
        self.assertEqual(len(self.work), 1)
        self.run_thread()
        for synced in late:
            self.successResultOf(synced)

    def test_failure(self) -> None:
        """A failure is that of its journal alone."""
        broken, sound = self.written("c-1"), self.written("c-2")
        broken.failed = JournalError("the journal c-1 cannot be synced: I/O error")
        waits = [self.journals.sync(broken), self.journals.sync(sound)]
        self.run_thread()
        self.run_thread()
        self.failureResultOf(waits[0], JournalError)
        self.successResultOf(waits[1])
        broken.failed = None

    def test_failing_thread(self) -> None:
        """A round that breaks down fails everybody who waited; the next one runs."""
        journal = self.written("c-1")
        synced = self.journals.sync(journal)
        self.work.pop()[0].errback(RuntimeError("no thread"))
        self.failureResultOf(synced, JournalError)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        again = self.journals.sync(journal)
        self.run_thread()
        self.successResultOf(again)


class NoneTests(JournalsCase):
    """Durability ``none``."""

    durability = "none"

    def test_no_syncs(self) -> None:
        """Nothing is synced; files are written and closed all the same."""
        self.journals.startService()
        journal = self.written("c-1")
        self.clock.advance(BEAT_SECONDS)
        self.journals.release(journal)
        self.assertRaises(JournalError, journal.append, b"{}\n")
        self.assertIsNone(self.journals.stopService())
        self.assertEqual(self.work, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])
