"""The files of meetings: what is written, what a kill leaves, what is passed over in reading."""

import os
import subprocess
import sys
import wave
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode
from car.meeting import files as files_module
from car.meeting.errors import FilesFailed, InvalidMeeting, MeetingExists, UnknownMeeting
from car.meeting.files import AudioTrack, MeetingFiles, TranscriptFile, check_id
from car.meeting.records import MeetingMetadata
from tests.meeting.doubles import STARTED, line

CHECKOUT = Path(__file__).parents[2]
LAST_KEYS = ("persist_audio", "model", "language", "summary")


class FilesCase(SynchronousTestCase):
    """Files under a root of their own."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute() / "meetings"
        self.files = MeetingFiles(self.root)

    def create(self, meeting_id: str = "m") -> TranscriptFile:
        """The transcript of a new meeting."""
        metadata = MeetingMetadata(id=meeting_id, started_at=STARTED, sources=["mic"])
        return self.files.create(metadata)


class MetadataTests(FilesCase):
    """``meeting.json``."""

    def test_keys(self) -> None:
        """The exact keys in order, null where not set, for nobody else to read."""
        self.create().close()
        path = self.root / "m" / "meeting.json"
        told = decode(path.read_bytes())
        self.assertEqual(
            list(told),
            [*("id", "title", "started_at", "ended_at", "sources"), *LAST_KEYS],
        )
        self.assertEqual(
            (told["sources"], told["ended_at"], told["summary"]), (["mic"], None, None)
        )
        for made in (self.root, self.root / "m"):
            self.assertEqual(made.stat().st_mode & 0o777, 0o700)
        for file in (self.root / "m").iterdir():
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_taken(self) -> None:
        """An id that is stored is not used again; what is stored stays."""
        self.create().close()
        with self.assertRaisesRegex(MeetingExists, "meeting 'm' exists already under .*another id"):
            self.create()
        self.assertEqual(self.files.read("m").id, "m")

    def test_ids(self) -> None:
        """An id names a directory, and nothing outside."""
        for good in ("m", "a.b-C_9", "x" * 64, ".a"):
            self.assertEqual(check_id(good), good)
        for bad in ("", "..", ".", "a/b", "x" * 65, "ä", "a\n"):
            with self.assertRaisesRegex(InvalidMeeting, "A-Z a-z 0-9"):
                check_id(bad)
            with self.assertRaises(InvalidMeeting):
                self.files.read(bad)

    def test_summary(self) -> None:
        """A summary stands in the metadata and in a file of its own."""
        self.create().close()
        metadata = MeetingMetadata(id="m", started_at=STARTED, summary="Agréé.")
        self.files.write(metadata)
        self.assertEqual((self.root / "m" / "summary.md").read_text("utf-8"), "Agréé.\n")
        self.assertEqual(self.files.read("m").summary, "Agréé.")

    def test_unknown(self) -> None:
        """A meeting that is not there is told with its root and the way to those that are."""
        text = f"no meeting 'x' under {self.root}; meeting.list shows the stored ones"
        with self.assertRaises(UnknownMeeting) as caught:
            self.files.read("x")
        self.assertEqual(str(caught.exception), text)

    def test_all(self) -> None:
        """The oldest first; what is no meeting is passed over."""
        self.assertEqual(self.files.all(), [])
        for name, at in (("late", "2026-03-05"), ("early", "2026-03-04")):
            metadata = MeetingMetadata(id=name, started_at=f"{at}T05:00:00.000000Z")
            self.files.create(metadata).close()
        (self.root / "empty").mkdir()
        (self.root / "broken").mkdir()
        (self.root / "broken" / "meeting.json").write_text("{")
        (self.root / "file").write_text("")
        (self.root / "pipe").mkdir()
        os.mkfifo(self.root / "pipe" / "meeting.json")
        (self.root / "copy").symlink_to(self.root / "late")
        self.assertEqual([found.id for found in self.files.all()], ["early", "late"])

    def test_not_made(self) -> None:
        """A root that cannot be made is told."""
        blocked = Path(self.mktemp())
        blocked.write_text("")
        with self.assertRaisesRegex(FilesFailed, "cannot be made: not a directory"):
            MeetingFiles(blocked / "meetings").create(MeetingMetadata(id="m", started_at=STARTED))

    def test_removed(self) -> None:
        """A meeting that never was leaves nothing."""
        self.create().close()
        self.files.remove("m")
        self.assertEqual(list(self.root.iterdir()), [])
        with self.assertRaisesRegex(FilesFailed, "cannot be removed: no such file"):
            self.files.remove("m")


class TranscriptTests(FilesCase):
    """``transcript.jsonl``."""

    def test_lines(self) -> None:
        """Whole lines are read in order."""
        transcript = self.create()
        transcript.append(line(seq=1) + line(seq=2, text="Grüße 🦉"))
        transcript.append(line(seq=3))
        transcript.close()
        self.assertEqual([one.seq for one in self.files.read("m").transcript], [1, 2, 3])
        self.assertEqual(self.files.read("m").transcript[1].text, "Grüße 🦉")

    def test_torn(self) -> None:
        """A last line that was torn by a kill, and one that is damaged, are passed over."""
        transcript = self.create()
        transcript.append(line(seq=1) + b'{"seq": "two"}\n\xff\n' + line(seq=3) + line()[:-9])
        transcript.close()
        self.assertEqual([one.seq for one in self.files.read("m").transcript], [1, 3])

    def test_full_disk(self) -> None:
        """What was written in part is taken back, so that it can be written again."""
        transcript = self.create()
        self.addCleanup(transcript.close)
        transcript.append(line(seq=1))
        written = os.write

        def write(descriptor: int, content: bytes) -> int:
            written(descriptor, bytes(content)[:5])
            raise OSError(28, "No space left on device")

        self.patch(os, "write", write)
        with self.assertRaisesRegex(FilesFailed, "transcript.jsonl cannot be written: no space"):
            transcript.append(line(seq=2))
        self.patch(os, "write", written)
        transcript.append(line(seq=2))
        self.assertEqual([one.seq for one in self.files.read("m").transcript], [1, 2])


WRITING = """
import sys
from pathlib import Path
from car.meeting.files import MeetingFiles
from car.meeting.records import MeetingMetadata
from tests.meeting.doubles import line
transcript = MeetingFiles(Path(sys.argv[1])).create(MeetingMetadata(id="m", started_at="t"))
for number in range(1, 10**9):
    transcript.append(line(seq=number, text="Grüße " * (number % 50)))
    print(number, flush=True)
"""
"""A process that writes lines and says so, until it is killed."""


class KillTests(FilesCase):
    """kill -9 while lines are written."""

    def test_kill(self) -> None:
        """Every line that was said to be written can be read, and nothing else but one more."""
        command = [sys.executable, "-c", WRITING, str(self.root)]
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as writing:
            assert writing.stdout is not None
            for _ in range(500):
                writing.stdout.readline()
            writing.kill()
            told = 500 + len(writing.stdout.read().splitlines())
        self.assertEqual(self.files.recover(), ["m"])
        found = [one.seq for one in self.files.read("m").transcript]
        self.assertEqual(found[:told], list(range(1, told + 1)))
        self.assertLessEqual(len(found), told + 1)


class RecoveryTests(FilesCase):
    """Meetings that were cut off."""

    def test_closed(self) -> None:
        """They end with their last lines, or when they began; the others stay as they are."""
        transcript = self.create("spoken")
        transcript.append(line(ts="2026-03-04T05:00:09.000000Z") + b'{"torn')
        transcript.close()
        self.create("silent").close()
        self.create("done").close()
        done = MeetingMetadata(id="done", started_at=STARTED, ended_at="2026-03-04T06:00:00.0Z")
        self.files.write(done)
        self.assertEqual(sorted(self.files.recover()), ["silent", "spoken"])
        ended = {found.id: found.ended_at for found in self.files.all()}
        self.assertEqual(
            ended,
            {"spoken": "2026-03-04T05:00:09.000000Z", "silent": STARTED, "done": done.ended_at},
        )
        self.assertEqual(self.files.recover(), [])

    def test_not_closed(self) -> None:
        """One that cannot be closed is passed over, and keeps none of the others."""
        for name in ("a", "b", "c"):
            self.create(name).close()
        (self.root / "a" / "transcript.jsonl").unlink()
        (self.root / "a" / "transcript.jsonl").mkdir()
        (self.root / "b" / "transcript.jsonl").unlink()
        os.mkfifo(self.root / "b" / "transcript.jsonl")
        self.assertEqual(self.files.recover(), ["c"])
        with self.assertRaisesRegex(FilesFailed, "cannot be read: not a regular file"):
            self.files.read("b")

    def test_live(self) -> None:
        """One that is under way, in this process or another, is left alone."""
        transcript = self.create()
        self.assertEqual(self.files.recover(), [])
        script = (
            "from pathlib import Path; from car.meeting.files import MeetingFiles; import sys; "
            "print(MeetingFiles(Path(sys.argv[1])).recover())"
        )
        command = [sys.executable, "-c", script, str(self.root)]
        self.assertEqual(subprocess.check_output(command, cwd=CHECKOUT), b"[]\n")
        transcript.close()
        self.assertEqual(subprocess.check_output(command, cwd=CHECKOUT), b"['m']\n")


class AudioTests(FilesCase):
    """``audio-<source>.wav``."""

    def test_track(self) -> None:
        """The header is right after each piece, closed or not."""
        self.create().close()
        track = AudioTrack(self.root / "m", "mic", 16_000, 2)
        path = self.root / "m" / "audio-mic.wav"
        for pieces in (1, 2):
            track.append(bytes(6400))
            with wave.open(str(path)) as file:
                self.assertEqual((file.getframerate(), file.getnchannels()), (16_000, 2))
                self.assertEqual(file.getnframes(), 1600 * pieces)
        self.patch(files_module, "MOST_AUDIO_BYTES", 12_801)
        with self.assertRaisesRegex(FilesFailed, "audio-mic.wav is as long as a WAV file can be"):
            track.append(bytes(2))
        track.close()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        AudioTrack(self.root / "m", "system", 16_000, 1).close()
        self.assertFalse((self.root / "m" / "audio-system.wav").exists())
