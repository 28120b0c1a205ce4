"""Tests of car.voice.sources.mic and parec, with a library and programs that are fakes."""

import shutil
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.components import own_distribution
from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed
from car.voice.records import AudioSource, Mic, System
from car.voice.sources.mic import NO_DEVICE
from car.voice.sources.opening import open_source
from car.voice.sources.parec import SILENT_SECONDS
from car.voice.sources.source import Source
from tests.processes import FakeProcess, Spawning
from tests.server.doubles import QueuedThread, ThreadlessClock


class Machine(Spawning, ThreadlessClock):
    """A reactor that starts fake programs."""


class PortAudioError(Exception):
    """As the library has it."""


class FakeStream:
    """A microphone that gives what a test says."""

    def __init__(self, *, callback: Any, finished_callback: Any, **options: Any) -> None:
        self.options = options
        self.capture: Callable[[bytes], None] = lambda block: callback(
            memoryview(block), len(block) // 2, None, None
        )
        self.finish: Callable[[], None] = finished_callback
        self.problem: PortAudioError | None = None
        self.closed = 0

    def start(self) -> None:
        """Begin with a block, as a device may before anybody is ready for it."""
        if self.options["device"] == "busy":
            raise PortAudioError("Device unavailable")
        self.capture(b"first ")

    def close(self) -> None:
        """Close; the library tells that it finished."""
        self.closed += 1
        self.finish()


class FakePortAudio:
    """The library ``sounddevice``."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []
        self.rows = [
            {"name": "Loudspeaker", "max_input_channels": 0, "default_samplerate": 48_000.0},
            {"name": "Webcam", "max_input_channels": 2, "default_samplerate": 44_100.0},
            {"name": "busy", "max_input_channels": 1, "default_samplerate": 48_000.0},
        ]

    def query_devices(self, device: Any = None, kind: str | None = None) -> Any:
        """All devices, or one that is an input."""
        if kind is None:
            return self.rows
        for row in self.rows:
            if row["max_input_channels"] and device in (None, row["name"]):
                return row
        if isinstance(device, int) and device >= 2**31:
            raise OverflowError("integer is out of bounds for the C int")
        raise ValueError(f"No input device matching {device!r}")

    def RawInputStream(self, **options: Any) -> FakeStream:
        """A stream."""
        self.streams.append(FakeStream(**options))
        return self.streams[-1]


class LiveTestCase(SynchronousTestCase):
    """Sources on a fake machine."""

    def setUp(self) -> None:
        self.machine = Machine()
        self.audio: list[bytes] = []
        self.ends: list[str | None] = []
        self.programs({"parec"})

    def portaudio(self, library: object | None) -> None:
        """Let *library* be the one that is installed."""
        self.patch(sys, "modules", {**sys.modules, "sounddevice": library})

    def programs(self, names: set[str]) -> None:
        """Let these programs be installed."""
        self.patch(shutil, "which", lambda name: f"/bin/{name}" if name in names else None)

    def begin(self, source: AudioSource) -> "Deferred[Source]":
        """Begin to open *source*."""
        return open_source(self.machine, source, self.audio.append, self.ends.append)

    def told(self, opening: "Deferred[Source]", error: type[Exception]) -> str:
        """What is told of a source that was not opened."""
        return str(self.failureResultOf(opening, error).value)


class MicSourceTests(LiveTestCase):
    """MicSource"""

    def setUp(self) -> None:
        super().setUp()
        self.library = FakePortAudio()
        self.portaudio(self.library)

    def test_capture(self) -> None:
        """Mono comes at the device's rate, from its first block on."""
        source = self.successResultOf(self.begin(Mic()))
        self.assertEqual((source.sample_rate, source.channels), (44_100, 1))
        (stream,) = self.library.streams
        self.assertEqual(
            stream.options,
            {
                "samplerate": 44_100,
                "blocksize": 1_411,
                "device": None,
                "channels": 1,
                "dtype": "int16",
            },
        )
        stream.capture(b"second")
        self.assertEqual(self.audio, [b"first ", b"second"])

    def test_handed_over_once(self) -> None:
        """Blocks that come while the reactor is busy are handed over by one call, in order."""
        calls: list[Callable[[], None]] = []
        self.machine.callFromThread = (  # type: ignore[method-assign]
            lambda function, *args: calls.append(lambda: function(*args))
        )
        opening = self.begin(Mic())
        while calls:
            calls.pop(0)()
        self.successResultOf(opening)
        for block in (b"a1", b"b2", b"c3"):
            self.library.streams[0].capture(block)
        self.assertEqual(len(calls), 1)
        calls.pop()()
        self.assertEqual(self.audio, [b"first ", b"a1b2c3"])

    def test_stop(self) -> None:
        """The device is closed once; nothing is told after, not even its own end."""
        source = self.successResultOf(self.begin(Mic("Webcam")))
        self.successResultOf(source.stop())
        self.successResultOf(source.stop())
        (stream,) = self.library.streams
        stream.capture(b"late")
        self.assertEqual((stream.closed, self.audio, self.ends), (1, [b"first "], []))

    def test_device_lost(self) -> None:
        """A device that goes ends the source with a sentence, and is closed."""
        self.successResultOf(self.begin(Mic()))
        (stream,) = self.library.streams
        stream.finish()
        self.assertEqual(self.ends, ["the microphone gives no audio any more"])
        self.assertEqual(stream.closed, 1)

    def test_no_device(self) -> None:
        """Without any input the sentence says what to look at; parec may know of one."""
        del self.library.rows[1:]
        opening = self.begin(Mic())
        self.machine.processes[-1].protocol.childDataReceived(1, b"ab")
        self.assertEqual(self.successResultOf(opening).sample_rate, 16_000)
        self.programs(set())
        self.assertEqual(self.told(self.begin(Mic()), MissingComponent), NO_DEVICE)

    def test_other_device(self) -> None:
        """A device that is none is refused, with those that there are."""
        told = self.told(self.begin(Mic("Loudspeaker")), InvalidRequest)
        self.assertEqual(
            told,
            "audio_source.device must be one of 'Webcam', 'busy': "
            "No input device matching 'Loudspeaker'",
        )
        told = self.told(self.begin(Mic(2**31)), InvalidRequest)
        self.assertIn("must be one of 'Webcam', 'busy': integer is out of bounds", told)

    def test_busy_device(self) -> None:
        """A device that cannot be started is closed again, and its problem told."""
        told = self.told(self.begin(Mic("busy")), SourceFailed)
        self.assertEqual(told, "the microphone cannot be opened: Device unavailable")
        self.assertEqual(self.library.streams[0].closed, 1)

    def test_cancel(self) -> None:
        """A device that is opened after all is closed again."""
        thread = self.machine.pool = QueuedThread()
        opening = self.begin(Mic())
        thread.run()
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        while thread.work:
            thread.run()
        self.assertEqual((self.library.streams[0].closed, self.audio), (1, []))

    def test_nothing_installed(self) -> None:
        """Without PortAudio and parec the sentence says what to install."""
        self.portaudio(None)
        self.programs(set())
        self.assertEqual(
            self.told(self.begin(Mic()), MissingComponent),
            "microphone capture needs PortAudio (Debian: libportaudio2) and "
            f'pip install "{own_distribution()}[audio]"',
        )


class ParecSourceTests(LiveTestCase):
    """ParecSource, for the system's audio and for microphones without PortAudio."""

    def setUp(self) -> None:
        super().setUp()
        self.portaudio(None)

    @property
    def process(self) -> FakeProcess:
        """The program that was started."""
        return self.machine.processes[-1]

    def write(self, pcm: bytes) -> None:
        """Let the program write."""
        self.process.protocol.childDataReceived(1, pcm)

    def end(self, complaint: bytes = b"") -> None:
        """Let the program complain and end."""
        self.process.end(errors=complaint, status=1)

    def assert_quiet(self) -> None:
        """Nothing is left that would happen later."""
        self.assertEqual(self.machine.getDelayedCalls(), [])

    def test_system(self) -> None:
        """The monitor of the output gives 16 kHz mono; the source is open at its first audio."""
        self.patch(sys.modules["os"], "environ", {"PATH": "/bin", "CAR_TOKEN": "secret"})
        opening = self.begin(System())
        self.assertNoResult(opening)
        self.assertEqual(
            self.process.arguments,
            [
                "/bin/parec",
                "--raw",
                "--format=s16le",
                "--rate=16000",
                "--channels=1",
                "--latency-msec=32",
                "--device=@DEFAULT_MONITOR@",
            ],
        )
        self.assertEqual(self.process.environment, {"PATH": "/bin"})
        self.write(b"ab")
        source = self.successResultOf(opening)
        self.assertEqual((source.kind, source.sample_rate, source.channels), ("system", 16_000, 1))
        self.write(b"cd")
        self.assertEqual(self.audio, [b"ab", b"cd"])
        self.assert_quiet()

    def test_silent(self) -> None:
        """A device that gives nothing yet is open after a while."""
        opening = self.begin(System())
        self.machine.advance(SILENT_SECONDS)
        self.successResultOf(opening)

    def test_stop(self) -> None:
        """The program is killed; the stop fires when it is gone, and nothing is told after."""
        opening = self.begin(System())
        self.write(b"ab")
        source = self.successResultOf(opening)
        stopped = source.stop()
        self.assertEqual(self.process.signals, ["KILL"])
        self.write(b"cd")
        self.assertNoResult(stopped)
        self.end()
        self.successResultOf(stopped)
        self.successResultOf(source.stop())
        self.assertEqual((self.audio, self.ends), ([b"ab"], []))

    def test_refused(self) -> None:
        """A program that ends at once fails the opening with what it wrote."""
        opening = self.begin(System())
        self.end(b"Connection failure: Connection refused\n")
        self.assertEqual(
            self.told(opening, SourceFailed),
            "parec gives no audio: Connection failure: Connection refused",
        )
        self.assertEqual(self.ends, [])
        self.assert_quiet()

    def test_ended(self) -> None:
        """A program that ends later ends the source with a sentence."""
        opening = self.begin(System())
        self.write(b"ab")
        source = self.successResultOf(opening)
        self.end()
        self.assertEqual(self.ends, ["parec gives no audio: it ended"])
        self.successResultOf(source.stop())

    def test_cannot_be_started(self) -> None:
        """A program that is not there, or does not start, fails the opening."""
        self.machine.refusal = OSError(12, "Cannot allocate memory")
        told = self.told(self.begin(System()), SourceFailed)
        self.assertEqual(told, "parec cannot be started: Cannot allocate memory")
        self.programs(set())
        told = self.told(self.begin(System()), MissingComponent)
        self.assertEqual(told, "capture of system audio needs parec (Debian: pulseaudio-utils)")
        self.assert_quiet()

    def test_cancel(self) -> None:
        """Who does not wait for the first audio leaves no program behind."""
        opening = self.begin(System())
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        self.write(b"ab")
        self.assertEqual((self.process.signals, self.audio), (["KILL"], []))
        self.end()
        self.assertEqual(self.ends, [])
        self.assert_quiet()

    def test_microphone(self) -> None:
        """Without PortAudio parec records the default input, or the one that is named."""
        for device, argument in ((None, "@DEFAULT_SOURCE@"), ("usb", "usb")):
            opening = self.begin(Mic(device))
            self.assertEqual(self.process.arguments[-1], f"--device={argument}")
            self.write(b"ab")
            self.assertEqual(self.successResultOf(opening).kind, "mic")

    def test_microphone_refused(self) -> None:
        """Without a sound server there is no microphone; a number names no source of its."""
        opening = self.begin(Mic())
        self.end(b"Connection refused\n")
        self.assertEqual(self.told(opening, MissingComponent), NO_DEVICE)
        opening = self.begin(Mic("usb"))
        self.end(b"Stream error: No such entity\nand so on\n")
        told = self.told(opening, SourceFailed)
        self.assertEqual(told, "parec gives no audio: Stream error: No such entity")
        told = self.told(self.begin(Mic(3)), InvalidRequest)
        self.assertIn("audio_source.device must be the name of a PulseAudio source", told)
