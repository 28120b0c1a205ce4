"""Tests of car.voice.speech.espeak and programs: with fake processes."""

import os
import shutil
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.interfaces import ISynthesiser
from car.voice.speech import programs
from car.voice.speech.espeak import SECONDS, Espeak
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.waves import wave_header
from tests.processes import SpawningClock
from tests.voice.needed import needs
from tests.voice.speech.doubles import VOICES, in_thread

SPEECH = wave_header(0x7FFF_F000, 22_050) + b"\1\2\3\4"


@needs("sentencex")
class EspeakTests(SynchronousTestCase):
    """Espeak: a process a sentence."""

    def setUp(self) -> None:
        self.clock = SpawningClock()
        self.patch(shutil, "which", lambda name, path: "/bin/espeak-ng")
        self.voice = Espeak(self.clock, in_thread, {"PATH": "/bin"})
        self.chunks: list[Chunk] = []
        self.room: Deferred[None] | None = None

    def take(self, chunk: Chunk) -> Deferred[None] | None:
        """Take a chunk; the next waits for ``room``."""
        self.chunks.append(chunk)
        return self.room

    def speak(self, text: str = "One. Two.", **members: Any) -> Deferred[None]:
        """Speak, with the list of voices at hand."""
        spoken = self.voice.speak(text, SpeechOptions(**members), self.take)
        self.clock.processes[0].end(VOICES)
        return spoken

    def refused(self, **members: Any) -> str:
        """The words that refuse options."""
        checked = self.voice.check(SpeechOptions(**members))
        if self.clock.processes and not self.clock.processes[-1].ended:
            self.clock.processes[-1].end(VOICES)
        return str(self.failureResultOf(checked, InvalidRequest).value)

    def test_sentences(self) -> None:
        """Each sentence is a process and a chunk; the text comes by standard input only."""
        verifyObject(ISynthesiser, self.voice)
        spoken = self.speak()
        for text in (b"One.", b"Two."):
            process = self.clock.processes[-1]
            self.assertEqual((process.input, process.input_closed), (text, True))
            self.assertNotIn(text.decode(), process.arguments)
            process.end(SPEECH)
        self.successResultOf(spoken)
        self.assertEqual(self.chunks, [Chunk(b"\1\2\3\4", "pcm", 22_050)] * 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_environment(self) -> None:
        """The process gets none of the daemon's secrets."""
        self.patch(os, "environ", {"PATH": "/bin", "ELEVENLABS_API_KEY": "secret"})
        self.speak()
        for process in self.clock.processes:
            self.assertEqual(process.environment, {"PATH": "/bin", "ORT_DISABLE_TELEMETRY": "1"})

    def test_waits(self) -> None:
        """The next sentence is not begun before there is room for it."""
        self.room = Deferred()
        self.speak()
        self.clock.processes[-1].end(SPEECH)
        self.assertEqual(len(self.clock.processes), 2)
        self.room.callback(None)
        self.assertEqual(len(self.clock.processes), 3)

    def test_voice(self) -> None:
        """A voice, with its variant, a language and a pace reach the program."""
        for members, voice, pace in (
            ({}, "en-us", "175"),
            ({"voice_id": "de+f3", "speed": 2.0}, "de+f3", "350"),
            ({"voice_id": "gmw/en", "speed": 4.0}, "gmw/en", "450"),
            ({"language": "DE-ch"}, "de", "175"),
        ):
            self.setUp()
            self.speak(**members)
            arguments = self.clock.processes[-1].arguments
            self.assertEqual(arguments[-4:], ["-v", voice, "-s", pace])

    def test_refused(self) -> None:
        """What it cannot do is told by the name of the member."""
        for members, words in (
            ({"voice_id": "/etc/passwd"}, "voice_id: espeak-ng has no voice '/etc/passwd'"),
            ({"voice_id": "en+../x"}, "voice_id: espeak-ng has no voice 'en+../x'"),
            ({"voice_id": "en+"}, "voice_id: "),
            ({"language": "tlh"}, "language: espeak-ng has no voice for 'tlh'"),
            ({"format": "mp3"}, "format: provider 'espeak' gives wav, pcm, not mp3"),
            ({"model": "big"}, "model: provider 'espeak' takes none"),
            ({"base_url": "http://x"}, "base_url: provider 'espeak' takes none"),
        ):
            self.assertIn(words, self.refused(**members))

    def test_missing(self) -> None:
        """Without the program, the text says what to install, and so does readiness."""
        self.patch(shutil, "which", lambda name, path: None)
        problem = self.failureResultOf(self.voice.check(SpeechOptions()), MissingComponent)
        text = "provider 'espeak' needs the program espeak-ng (Debian: apt install espeak-ng)"
        self.assertEqual(str(problem.value), text)
        self.assertEqual(self.successResultOf(self.voice.readiness()), text)

    def test_failures(self) -> None:
        """A program that fails, dies, cannot be started, or says nothing."""
        for end, words in (
            ({"status": 1, "errors": b"x\nno data\n"}, "espeak-ng ended (status 1: no data)"),
            ({"status": 0, "signal": 9}, "espeak-ng ended (signal 9)"),
            ({"output": b"nonsense, and more"}, "espeak-ng sent no WAV"),
            ({"output": b""}, "espeak-ng made no speech of a piece of the text"),
        ):
            self.setUp()
            spoken = self.speak()
            self.clock.processes[-1].end(**end)
            self.assertEqual(str(self.failureResultOf(spoken, EngineFailed).value), words)
        self.setUp()
        self.clock.refusal = OSError(13, "Permission denied")
        failed = self.voice.speak("One.", SpeechOptions(), self.take)
        self.assertEqual(
            str(self.failureResultOf(failed, EngineFailed).value),
            "espeak-ng cannot be started: Permission denied",
        )

    def test_too_late(self) -> None:
        """A program that does not end is killed."""
        spoken = self.speak()
        self.clock.advance(SECONDS)
        problem = self.failureResultOf(spoken, EngineFailed)
        self.assertEqual(str(problem.value), "espeak-ng took longer than 30 s")
        self.assertEqual(self.clock.processes[-1].signals, ["KILL"])
        self.clock.processes[-1].end(signal=9)

    def test_too_much(self) -> None:
        """A program that writes without end is killed."""
        self.patch(programs, "MOST_OUTPUT_BYTES", 100)
        spoken = self.speak()
        self.clock.processes[-1].protocol.childDataReceived(1, bytes(101))
        self.failureResultOf(spoken, EngineFailed)
        self.assertEqual(self.clock.processes[-1].signals, ["KILL"])
        self.clock.processes[-1].end(b"more", signal=9)

    def test_cancelled(self) -> None:
        """Cancelling kills the process."""
        spoken = self.speak()
        spoken.cancel()
        self.failureResultOf(spoken, CancelledError)
        self.assertEqual(self.clock.processes[-1].signals, ["KILL"])
        self.clock.processes[-1].end(signal=9)
        self.assertEqual(self.clock.getDelayedCalls(), [])
