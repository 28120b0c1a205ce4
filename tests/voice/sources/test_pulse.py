"""Tests of live capture from a null sink of a PulseAudio that the test starts for itself."""

import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.utils import getProcessOutputAndValue
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, TestCase

from car.application import the_reactor
from car.voice.listening import Listener
from car.voice.records import AudioSource, Mic, System, VadOptions
from car.voice.resampling import Resampler
from car.voice.segmenter import Began, Ended, Event, Segmenter
from car.voice.sources import mic as mic_module
from car.voice.sources.mic import MicSource
from car.voice.sources.opening import open_source
from car.voice.sources.parec import ParecSource
from car.voice.sources.source import Source
from car.voice.vad import EnergyVad
from tests.voice.needed import REQUIRED, needs, samples, speech

SENTENCE = "good morning, everybody"

IDLE_SECONDS = 30
"""A server that a test could not end goes by itself."""

SETUP = """\
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=car rate=48000
set-default-sink car
set-default-source car.monitor
"""


class PulseAudio(ProcessProtocol):
    """The server; ``started`` fires with None, or with the reason why it does not run."""

    def __init__(self) -> None:
        self.started: Deferred[str | None] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self._said = ""

    def errReceived(self, data: bytes) -> None:
        self._said += data.decode("utf-8", "replace")
        if "Daemon startup complete" in self._said and not self.started.called:
            self.started.callback(None)

    def processEnded(self, reason: Failure) -> None:
        if not self.started.called:
            self.started.callback(f"pulseaudio ended: {self._said.strip()[-300:]}")
        self.ended.callback(None)


@needs("pulseaudio", "parec", "paplay", "flite")
class NullSinkTests(TestCase):
    """Speech that is played into a null sink is heard on its monitor."""

    timeout = 60

    def setUp(self) -> None:
        self.events: list[Event] = []
        self.ends: list[str | None] = []
        self.first: Deferred[None] = Deferred()
        self.over: Deferred[None] = Deferred()

    async def serve(self) -> None:
        """Start the server; skip the test, with the reason, where it does not run."""
        directory = tempfile.mkdtemp(prefix="car-pulse-")
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        socket = f"{directory}/native"
        script = Path(directory) / "setup.pa"
        script.write_text(SETUP.format(socket=socket))
        private = {
            "PATH": os.environ["PATH"],
            "HOME": directory,
            "XDG_RUNTIME_DIR": directory,
            "PULSE_RUNTIME_PATH": directory,
        }
        command = ["pulseaudio", "-n", "-v", "-F", str(script), "--daemonize=no"]
        command += ["--use-pid-file=no", "--disable-shm=yes", "--log-target=stderr"]
        command += [f"--exit-idle-time={IDLE_SECONDS}"]
        pulse = PulseAudio()
        program = shutil.which("pulseaudio")
        assert program is not None
        process = the_reactor().spawnProcess(pulse, program, command, env=private)
        reason = await pulse.started
        if reason is not None:
            if os.environ.get(REQUIRED) == "1":
                self.fail(reason)
            raise SkipTest(reason)

        def end() -> "Deferred[None]":
            process.signalProcess("TERM")
            return pulse.ended

        self.addCleanup(end)
        self.set_environment("PULSE_SERVER", f"unix:{socket}")

    def set_environment(self, name: str, value: str) -> None:
        """Set a variable, which C libraries see too, for the time of the test."""
        before = os.environ.get(name)
        os.environ[name] = value
        if before is None:
            self.addCleanup(os.environ.pop, name)
        else:
            self.addCleanup(os.environ.__setitem__, name, before)

    def told(self, event: Event) -> None:
        """Note an event."""
        self.events.append(event)
        if isinstance(event, Ended) and not self.over.called:
            self.over.callback(None)

    def audio_received(self, pcm: bytes) -> None:
        """Let the listener hear it."""
        if not self.first.called:
            self.first.callback(None)
        else:
            self.listener.audio_received(pcm)

    async def hear(self, asked: AudioSource) -> Source:
        """Open a source, play the sentence once it gives audio, and stop it after the end."""
        reactor = the_reactor()
        source = await open_source(reactor, asked, self.audio_received, self.ends.append)
        self.listener = Listener(
            reactor,
            source.sample_rate,
            source.channels,
            EnergyVad(),
            Segmenter(VadOptions()),
            self.told,
            lambda ms: self.fail(f"{ms} ms were dropped"),
        )
        await self.first
        paplay = shutil.which("paplay")
        assert paplay is not None
        _, said, status = await getProcessOutputAndValue(
            paplay, [str(speech(SENTENCE))], env=dict(os.environ), reactor=reactor
        )
        self.assertEqual(status, 0, said)
        await self.over
        await source.stop()
        await self.listener.flush()
        return source

    def check(self) -> None:
        """The segment is what was played, and as long."""
        rate, wave = samples(speech(SENTENCE))
        resampler = Resampler(rate, 1)
        played = np.concatenate((resampler.feed(wave.tobytes()), resampler.flush()))
        loud = np.nonzero(np.abs(played.astype(int)) > 500)[0]
        began, ended = self.events[0], next(e for e in self.events if isinstance(e, Ended))
        assert isinstance(began, Began)
        length_ms = (loud[-1] - loud[0]) / 16
        self.assertLess(abs(ended.at_ms - began.at_ms - length_ms), 300)
        audio = b"".join(event.audio for event in self.events if not isinstance(event, Ended))
        self.assertGreater(likeness(played, np.frombuffer(audio, "<i2")), 0.8)
        self.assertEqual(self.ends, [])

    async def test_parec(self) -> None:
        """The monitor of the default output gives what is played."""
        await self.serve()
        self.assertIsInstance(await self.hear(System()), ParecSource)
        self.check()

    async def test_microphone_by_parec(self) -> None:
        """Without PortAudio parec gives the default input."""
        await self.serve()
        self.patch(mic_module, "_portaudio", lambda: None)
        self.assertIsInstance(await self.hear(Mic()), ParecSource)
        self.check()

    @needs("sounddevice")
    async def test_microphone(self) -> None:
        """PortAudio gives the default input, which is the sink's monitor."""
        await self.serve()
        loaded = sys.modules.get("sounddevice")
        library: Any = import_module("sounddevice")
        if loaded is not None:  # it has looked for devices before this server was there
            library._terminate()
            library._initialize()
        self.assertIsInstance(await self.hear(Mic()), MicSource)
        self.check()


def likeness(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """The greatest correlation of two pieces of audio, whatever lies between their beginnings."""
    size = 1 << (len(one) + len(other)).bit_length()
    first, second = (np.fft.rfft(piece.astype(float), size) for piece in (one, other))
    product = np.fft.irfft(first * np.conj(second), size)
    norms = np.linalg.norm(one.astype(float)) * np.linalg.norm(other.astype(float))
    return float(product.max() / norms)
