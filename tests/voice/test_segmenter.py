"""Tests of car.voice.segmenter."""

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest
from car.voice.records import VadOptions
from car.voice.segmenter import FRAME_MS, Began, Ended, Event, More, Segmenter
from car.voice.vad import FRAME_SAMPLES

FRAME_BYTES = FRAME_SAMPLES * 2


def frame(number: int, level: int = 0) -> NDArray[np.int16]:
    """A frame that can be told from others by its first sample; *level* is that of the rest."""
    samples = np.full(FRAME_SAMPLES, level, np.int16)
    samples[0] = number
    return samples


def numbers(audio: bytes) -> list[int]:
    """Which frames *audio* consists of."""
    return [int(first) for first in np.frombuffer(audio, "<i2")[::FRAME_SAMPLES]]


class SegmenterTests(SynchronousTestCase):
    """Segmenter: the rules of the specification, frame by frame."""

    def segment(
        self,
        pattern: str,
        options: VadOptions = VadOptions(),  # noqa: B008
        loud: Iterable[int] = (),
    ) -> list[Event]:
        """What a pattern of voiced (``x``) and silent frames tells; frames *loud* are loud."""
        self.segmenter = Segmenter(options)
        louder = set(loud)
        told: list[Event] = []
        for number, mark in enumerate(pattern):
            samples = frame(number, 9_000 if number in louder else 100)
            told += self.segmenter.frame(samples, 0.9 if mark == "x" else 0.1)
        return told

    def test_silence(self) -> None:
        """Nothing is told of silence, nor of less than three voiced frames in a row."""
        self.assertEqual(self.segment("." * 50), [])
        self.assertEqual(self.segment("xx.xx.x.xx." * 5), [])
        self.assertEqual(self.segmenter.finish(), [])

    def test_segment(self) -> None:
        """Speech begins at its first frame and ends after its last, 600 ms later."""
        told = self.segment("." * 20 + "x" * 10 + "." * 30)
        self.assertIsInstance(told[0], Began)
        self.assertEqual(told[-1], Ended(30 * FRAME_MS, False))
        assert isinstance(told[0], Began)
        self.assertEqual(told[0].at_ms, 20 * FRAME_MS)
        audio = b"".join(event.audio for event in told if not isinstance(event, Ended))
        # 600 ms of silence are 18.75 frames; 200 ms of pre-roll are 6.25.
        self.assertEqual(len(audio), 3_200 * 2 + (10 + 19) * FRAME_BYTES)
        self.assertEqual(numbers(audio[FRAME_BYTES // 4 :]), list(range(14, 49)))

    def test_threshold(self) -> None:
        """A frame is voiced from the threshold on."""
        segmenter = Segmenter(VadOptions(threshold=0.7, min_speech_frames=1))
        self.assertEqual(segmenter.frame(frame(0), 0.69), [])
        self.assertEqual(len(segmenter.frame(frame(0), 0.7)), 1)

    def test_pre_roll_at_the_beginning(self) -> None:
        """The pre-roll is what there is."""
        told = self.segment("..xxx")
        self.assertEqual(
            [numbers(e.audio) for e in told if isinstance(e, Began)], [[0, 1, 2, 3, 4]]
        )
        self.assertEqual([e.at_ms for e in told if isinstance(e, Began)], [2 * FRAME_MS])

    def test_pause(self) -> None:
        """A shorter silence does not end a segment."""
        told = self.segment("xxx" + "." * 18 + "x" + "." * 19)
        self.assertEqual([e for e in told if isinstance(e, Ended)], [Ended(22 * FRAME_MS, False)])

    def test_next_segment(self) -> None:
        """The next may begin at once, with a pre-roll that holds no speech of the last."""
        options = VadOptions(min_silence_ms=64)
        told = self.segment("xxxx..xxx", options)
        begins = [event for event in told if isinstance(event, Began)]
        self.assertEqual([event.at_ms for event in begins], [0, 6 * FRAME_MS])
        self.assertEqual(numbers(begins[1].audio), [4, 5, 6, 7, 8])

    def test_finish(self) -> None:
        """At the end of the audio an open segment ends where it was last voiced."""
        self.segment("....xxxxx..")
        self.assertEqual(self.segmenter.finish(), [Ended(9 * FRAME_MS, False)])
        self.assertEqual(self.segmenter.finish(), [])

    def test_cut(self) -> None:
        """After 20 s a segment is cut at the quietest frame of its last 2 s."""
        quiet = 600
        told = self.segment("x" * 700, loud=set(range(700)) - {quiet, 40})
        cut = told.index(Ended((quiet + 1) * FRAME_MS, True))
        after = told[cut + 1]
        assert isinstance(after, Began)
        self.assertEqual(after.at_ms, (quiet + 1) * FRAME_MS)
        self.assertEqual(numbers(after.audio)[0], quiet + 1)
        audio = b"".join(event.audio for event in told if not isinstance(event, Ended))
        self.assertEqual(numbers(audio), list(range(700)))

    def test_cut_times(self) -> None:
        """It is known at 20 s, not later, and nothing of the last 2 s was given before."""
        told = self.segment("x" * 624)
        self.assertEqual([event for event in told if isinstance(event, Ended)], [])
        given = sum(len(event.audio) for event in told if not isinstance(event, Ended))
        self.assertEqual(given // FRAME_BYTES, 18_000 // FRAME_MS)
        self.assertEqual(len(self.segmenter.frame(frame(624, 200), 0.9)), 3)

    def test_finish_while_held(self) -> None:
        """What is held back when the audio ends is given."""
        told = self.segment("x" * 600)
        told += self.segmenter.finish()
        audio = b"".join(event.audio for event in told if not isinstance(event, Ended))
        self.assertEqual(numbers(audio), list(range(600)))
        self.assertEqual(told[-1], Ended(600 * FRAME_MS, False))

    def test_ends_while_held(self) -> None:
        """A segment that ends by silence shortly before 20 s is not cut."""
        told = self.segment("x" * 590 + "." * 40)
        self.assertEqual(told[-1], Ended(590 * FRAME_MS, False))
        audio = b"".join(event.audio for event in told if not isinstance(event, Ended))
        self.assertEqual(numbers(audio), list(range(609)))

    def test_cut_in_silence(self) -> None:
        """Where silence has begun before the cut, no empty segment follows."""
        loud = set(range(610))
        told = self.segment("x" * 610 + "." * 60, loud=loud)
        self.assertEqual(told[-1], Ended(610 * FRAME_MS, True))
        self.assertEqual(self.segmenter.finish(), [])

    def test_short_maximum(self) -> None:
        """A short maximum is cut within its last quarter."""
        told = self.segment("x" * 40, VadOptions(max_segment_ms=1_024), loud=set(range(40)) - {26})
        self.assertEqual([e for e in told if isinstance(e, Ended)], [Ended(27 * FRAME_MS, True)])

    def test_skipped(self) -> None:
        """Audio that was lost counts."""
        segmenter = Segmenter(VadOptions(min_speech_frames=1, pre_roll_ms=0))
        segmenter.skipped(1_000)
        self.assertEqual(segmenter.frame(frame(7), 1.0), [Began(1_000, frame(7).tobytes())])
        self.assertEqual(segmenter.frame(frame(8), 1.0), [More(frame(8).tobytes())])

    def test_options(self) -> None:
        """Options out of bounds are refused in a sentence that names them."""
        for name, value, told in (
            ("threshold", 0.0, "vad.threshold must be between 0 and 1, both excluded, and is 0"),
            ("threshold", 1.0, "vad.threshold must be between 0 and 1, both excluded, and is 1"),
            ("threshold", float("nan"), "vad.threshold must be between 0 and 1, both excluded, "),
            ("min_silence_ms", 31, "vad.min_silence_ms must be from 32 to 10000, and is 31"),
            ("min_speech_frames", 0, "vad.min_speech_frames must be from 1 to 100, and is 0"),
            ("pre_roll_ms", -1, "vad.pre_roll_ms must be from 0 to 2000, and is -1"),
            ("max_segment_ms", 31_000, "vad.max_segment_ms must be from 1000 to 30000, and is "),
        ):
            options = msgspec.structs.replace(VadOptions(), **{name: value})
            problem = self.assertRaises(InvalidRequest, Segmenter, options)
            self.assertTrue(str(problem).startswith(told), str(problem))
