"""Tests of car.voice.speech.piper and what it stands on: with fake processes."""

import shutil
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, TooMany
from car.voice.speech import piper
from car.voice.speech.piper import MOST_PROCESSES, Piper
from car.voice.speech.piper_process import IDLE_SECONDS, PIECE_SECONDS
from car.voice.speech.piper_voices import NO_VOICE, VARIABLE, PiperVoice, find_voice
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.waves import wave_header
from tests.processes import FakeProcess, SpawningClock
from tests.voice.needed import needs
from tests.voice.speech.doubles import in_thread

CHUNK = Chunk(b"\1\2\3\4", "pcm", 22_050)


class VoiceCase(SynchronousTestCase):
    """A directory with the voice ``en_US-owl``; ``packages`` are those installed."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        self.owl = self.make_voice("en_US-owl")
        self.packages: list[Any] = []
        self.patch(metadata, "distributions", lambda: iter(self.packages))

    def make_voice(self, name: str) -> Path:
        """A voice of that name."""
        path = self.directory / f"{name}.onnx"
        path.write_bytes(b"")
        path.with_name(f"{path.name}.json").write_bytes(b"{}")
        return path

    def install(self, name: str, *paths: Path) -> None:
        """Have a package with these files."""
        package = SimpleNamespace(metadata={"Name": name}, files=paths, locate_file=str)
        self.packages.append(package)


class FindVoiceTests(VoiceCase):
    """find_voice: by path, by name, by setting, by package."""

    def test_path(self) -> None:
        """A path of a model with its configuration is a voice, and names its language."""
        self.assertEqual(find_voice(str(self.owl), {}), PiperVoice(self.owl, "en"))
        other = self.make_voice("mine")
        self.assertEqual(find_voice(str(other), {}), PiperVoice(other, None))

    def test_setting(self) -> None:
        """The setting comes before what is installed."""
        self.install("joe-piper-voice", self.make_voice("en_US-joe"))
        self.assertEqual(find_voice(None, {VARIABLE: str(self.owl)}).path, self.owl)
        problem = self.assertRaises(MissingComponent, find_voice, None, {VARIABLE: "/no.onnx"})
        self.assertIn("CAR_PIPER_VOICE is '/no.onnx', which is no piper voice", str(problem))

    def test_installed(self) -> None:
        """A package that brings a voice is found; one of another kind is not."""
        bear = self.make_voice("de_DE-bear")
        self.install("some-models", self.owl)
        self.install("Bear-Piper-Voice", bear.with_name("README"), bear)
        self.assertEqual(find_voice(None, {}), PiperVoice(bear, "de"))
        self.assertEqual(find_voice("de_DE-bear", {}).path, bear)

    def test_none(self) -> None:
        """Without any voice, the text says what to do."""
        problem = self.assertRaises(MissingComponent, find_voice, None, {})
        self.assertEqual(str(problem), NO_VOICE)

    def test_wrong(self) -> None:
        """What is no voice is refused by name."""
        self.owl.with_name(f"{self.owl.name}.json").unlink()
        for wrong in (str(self.owl), "/etc/passwd", "nobody", "../en_US-owl"):
            problem = self.assertRaises(InvalidRequest, find_voice, wrong, {})
            self.assertTrue(str(problem).startswith(f"voice_id: '{wrong}' is no piper voice"))


@needs("sentencex")
class PiperTests(VoiceCase):
    """Piper: processes that are kept."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(metadata, "distribution", lambda name: None)
        self.clock = SpawningClock()
        self.voice = Piper(self.clock, in_thread, {VARIABLE: str(self.owl)})
        self.addCleanup(self.end_all)
        self.chunks: list[Chunk] = []
        self.asked: list[Deferred[None]] = []

    def end_all(self) -> None:
        """End what still runs, so that its directory goes; what waits for it fails unheard."""
        for process in self.clock.processes:
            if not process.ended:
                process.end(signal=9)
        for spoken in self.asked:
            spoken.addErrback(lambda _: None)

    def speak(self, text: str = "One. Two.", **members: Any) -> Deferred[None]:
        """Speak."""
        spoken = self.voice.speak(text, SpeechOptions(**members), self.chunks.append)
        self.asked.append(spoken)
        return spoken

    def write(self, process: FakeProcess | None = None, name: str = "1") -> Path:
        """Have a process write a piece."""
        process = process or self.clock.processes[-1]
        path = Path(process.arguments[-1]) / f"{name}.wav"
        path.write_bytes(wave_header(4, 22_050) + CHUNK.octets)
        process.protocol.childDataReceived(2, f"INFO:__main__:Wrote {path}\n".encode())
        return path

    def test_pieces(self) -> None:
        """A line in, a file out, piece after piece, and later texts, by one process."""
        spoken = self.speak()
        process = self.clock.processes[0]
        self.assertEqual(process.input, b"One.\n")
        path = self.write()
        self.assertFalse(path.exists())
        self.assertEqual(process.input, b"One.\nTwo.\n")
        self.write()
        self.successResultOf(spoken)
        self.assertEqual(self.chunks, [CHUNK, CHUNK])
        self.speak("Three.")
        self.assertEqual(len(self.clock.processes), 1)
        self.assertEqual(self.voice.pids, [process.pid])

    def test_command(self) -> None:
        """It is the module of this Python, with the voice and the pace."""
        self.speak(speed=2.0)
        arguments = self.clock.processes[0].arguments
        self.assertEqual(arguments[1:4], ["-P", "-m", "piper"])
        self.assertEqual(arguments[4:-2], ["--model", str(self.owl), "--length_scale", "0.500"])

    def test_older_program(self) -> None:
        """Where the package is not, a program on the PATH; it tells bare paths, in any cut."""
        self.patch(metadata, "distribution", self.not_found)
        self.patch(shutil, "which", lambda name, path: "/bin/piper")
        spoken = self.speak("One.")
        process = self.clock.processes[0]
        self.assertEqual(process.arguments[0], "/bin/piper")
        path = Path(process.arguments[-1]) / "1.wav"
        path.write_bytes(wave_header(4, 22_050) + CHUNK.octets)
        line = f"{path}\n".encode()
        process.protocol.childDataReceived(1, line[:9])
        process.protocol.childDataReceived(2, b"[info] Real-time factor: 0.1\n")
        process.protocol.childDataReceived(1, line[9:])
        self.successResultOf(spoken)

    def not_found(self, name: str) -> None:
        """As for a package that is not installed."""
        raise metadata.PackageNotFoundError(name)

    def test_missing(self) -> None:
        """Without piper, the text names the package and the command."""
        self.patch(metadata, "distribution", self.not_found)
        self.patch(shutil, "which", lambda name, path: None)
        self.patch(piper, "missing_text", lambda *words: " / ".join(words))
        problem = self.failureResultOf(self.speak(), MissingComponent)
        self.assertEqual(str(problem.value), "piper-tts / tts / provider 'piper'")

    def test_prepare(self) -> None:
        """Preparing loads the voice: it fires when a piece has been spoken."""
        prepared = self.voice.prepare(SpeechOptions())
        self.assertNoResult(prepared)
        path = self.write()
        self.assertEqual(self.successResultOf(prepared), str(self.owl))
        self.assertFalse(path.exists())

    def test_languages(self) -> None:
        """A voice speaks its own language only."""
        problem = self.failureResultOf(self.speak(language="de"), InvalidRequest)
        self.assertIn("language: the piper voice en_US-owl speaks 'en'", str(problem.value))
        self.speak(language="en-GB")
        self.assertEqual(len(self.clock.processes), 1)

    def test_cancelled(self) -> None:
        """A cancelled piece is finished, thrown away, and takes nobody else's place."""
        first, second = self.speak("One."), self.speak("Two.")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        process = self.clock.processes[0]
        self.assertEqual(process.signals, [])
        path = self.write()
        self.assertFalse(path.exists())
        self.assertNoResult(second)
        self.write()
        self.successResultOf(second)
        self.assertEqual(len(self.chunks), 1)

    def test_end(self) -> None:
        """All that wait fail with the process; its directory goes; the next starts another."""
        waiting = [self.speak("One."), self.speak("Two.")]
        process = self.clock.processes[0]
        directory = Path(process.arguments[-1])
        self.assertTrue(directory.exists())
        process.end(errors=b"Traceback\nValueError: bad voice\n", status=1)
        for spoken in waiting:
            problem = self.failureResultOf(spoken, EngineFailed)
            self.assertEqual(str(problem.value), "piper ended (status 1: ValueError: bad voice)")
        self.assertFalse(directory.exists())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.speak("Three.")
        self.assertEqual(len(self.clock.processes), 2)

    def test_too_late(self) -> None:
        """A piece that takes too long ends the process; each has its own time."""
        first, second = self.speak("One."), self.speak("Two.")
        self.clock.advance(PIECE_SECONDS - 1)
        self.write()
        self.successResultOf(first)
        self.clock.advance(PIECE_SECONDS - 1)
        self.assertNoResult(second)
        self.clock.advance(1)
        problem = self.failureResultOf(second, EngineFailed)
        self.assertEqual(str(problem.value), "piper took longer than 60 s")
        self.assertEqual(self.clock.processes[0].signals, ["KILL"])

    def test_idle(self) -> None:
        """After ten idle minutes the process is stopped, without a trace."""
        self.speak("One.")
        self.write()
        self.clock.advance(IDLE_SECONDS)
        self.assertEqual(self.clock.processes[0].signals, ["KILL"])
        self.assertEqual(self.voice.pids, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_bound(self) -> None:
        """Three voices or paces at once; an idle one makes room."""
        for number in range(MOST_PROCESSES):
            self.speak("One.", speed=1.0 + number / 10)
        problem = self.failureResultOf(self.speak("One.", speed=2.0), TooMany)
        self.assertIn("piper speaks with 3 voices", str(problem.value))
        self.write(self.clock.processes[1])
        self.speak("One.", speed=2.0)
        self.assertEqual(self.clock.processes[1].signals, ["KILL"])
        self.assertEqual(len(self.clock.processes), MOST_PROCESSES + 1)

    def test_cannot_start(self) -> None:
        """A program that cannot be started is told; nothing stays behind."""
        self.clock.refusal = OSError(13, "Permission denied")
        problem = self.failureResultOf(self.speak(), EngineFailed)
        self.assertEqual(str(problem.value), "piper cannot be started: Permission denied")

    def test_stop(self) -> None:
        """Stopping kills the processes, fails what waits and fires when they are gone."""
        spoken = self.speak()
        stopped = self.voice.stop()
        self.failureResultOf(spoken, EngineFailed)
        self.assertNoResult(stopped)
        self.clock.processes[0].end(signal=9)
        self.successResultOf(stopped)
        self.assertEqual(self.clock.getDelayedCalls(), [])
