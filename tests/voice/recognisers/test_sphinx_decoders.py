"""Tests of car.voice.recognisers.sphinx_decoders, with a library that is a fake."""

import base64
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonValue
from car.voice.errors import InvalidRequest
from car.voice.recognisers import decoding, sphinx_decoders
from car.voice.recognisers.sphinx_decoders import SphinxDecoders
from car.voice.records import RATE


class FakeDecoder:
    """Notes what it gets, and understands how much that was."""

    words: list[tuple[str, int, int]] = []

    def __init__(self, **options: object) -> None:
        self.events: list[str | int] = []

    def start_utt(self) -> None:
        """An utterance begins."""
        self.events.append("start")

    def process_raw(self, pcm: bytes, no_search: bool, full_utterance: bool) -> None:
        """More of it."""
        assert pcm
        self.events.append(len(pcm))

    def end_utt(self) -> None:
        """It is complete."""
        self.events.append("end")

    def hyp(self) -> Any:
        """What was understood."""
        last = self.events[-1]
        return None if last == "start" else SimpleNamespace(hypstr=f"after {last}")

    def seg(self) -> Iterator[Any]:
        """Word by word."""
        for word, start, end in self.words:
            yield SimpleNamespace(word=word, start_frame=start, end_frame=end)


class SphinxDecodersTests(SynchronousTestCase):
    """SphinxDecoders.call."""

    def setUp(self) -> None:
        self.made: list[FakeDecoder] = []

        def make(**options: object) -> FakeDecoder:
            self.made.append(FakeDecoder(**options))
            return self.made[-1]

        library = SimpleNamespace(Decoder=make)
        self.patch(sphinx_decoders, "import_component", lambda *names: library)
        self.decoders = SphinxDecoders()
        self.cancelled = False

    def call(self, op: str, **arguments: JsonValue) -> Any:
        """Have a decoder do *op*."""
        return self.decoders.call(op, arguments, lambda part: self.cancelled)

    def give(self, op: str, session: int, segment: int, octets: int) -> Any:
        """Feed or finish."""
        pcm = base64.b64encode(bytes(octets)).decode()
        return self.call(op, session=session, segment=segment, pcm=pcm)

    def test_sessions(self) -> None:
        """Each session has a decoder until it is freed; one that is not there is made."""
        self.call("open", session=1)
        self.give("feed", 1, 1, 320)
        self.give("feed", 2, 1, 320)
        self.assertEqual(len(self.made), 2)
        self.call("free", session=1)
        self.call("free", session=1)
        self.give("feed", 1, 1, 320)
        self.assertEqual(len(self.made), 3)

    def test_segments(self) -> None:
        """A segment is fed and finished; no audio is none, and what was given up is ended."""
        self.assertEqual(self.give("feed", 1, 1, 0), "")
        self.assertEqual(self.give("feed", 1, 1, 320), "after 320")
        self.assertEqual(self.give("finish", 1, 1, 0), "after end")
        self.give("feed", 1, 2, 640)
        self.give("finish", 1, 3, 64)
        self.assertEqual(
            self.made[0].events,
            ["start", 320, "end", "start", 640, "end", "start", 64, "end"],
        )

    def test_file(self) -> None:
        """Segments of a file are parted at pauses of 600 ms and where it was cut."""
        audio = np.zeros(30 * RATE, np.int16)
        audio[: 18 * RATE] = 1_000
        self.patch(decoding, "blocks", lambda arguments: iter([audio]))
        self.patch(
            FakeDecoder,
            "words",
            [
                *(("<s>", 0, 9), ("an", 10, 19), ("owl(2)", 20, 49), ("<sil>", 50, 100)),
                *(("flew", 109, 120), ("[NOISE]", 121, 180), ("off", 181, 199), ("</s>", 200, 210)),
            ],
        )
        answer = self.call("transcribe", audio_path="/a.wav")
        self.assertEqual(answer["text"], "an owl flew off an owl flew off")
        times = [(one["text"], one["start_ms"], one["end_ms"]) for one in answer["segments"]]
        self.assertEqual(
            times,
            [
                ("an owl flew", 100, 1_210),
                ("off", 1_810, 2_000),
                ("an owl flew", 18_124, 19_234),
                ("off", 19_834, 20_024),
            ],
        )
        self.assertEqual((answer["language"], answer["duration_ms"]), ("en", 30_000))
        fed = [event for event in self.made[0].events if isinstance(event, int)]
        self.assertEqual((sum(fed), max(fed)), (30 * RATE * 2, RATE // 5 * 2))

    def test_cancelled(self) -> None:
        """A file that nobody waits for any more is not read to its end."""
        audio = np.zeros(100 * RATE, np.int16)
        self.patch(decoding, "blocks", lambda arguments: iter([audio]))
        self.cancelled = True
        self.assertLess(self.call("transcribe", audio_path="/a.wav")["duration_ms"], 20_000)

    def test_unknown(self) -> None:
        """Unknown work is refused."""
        with self.assertRaisesRegex(InvalidRequest, "pocketsphinx cannot sing"):
            self.call("sing")
