"""Where speech begins and ends: segments out of frames and their probabilities.

The rules are those of ``subsystem-voice.md``, Pipeline.  Plain and synchronous; where frames
and probabilities come from, and what becomes of segments, is for others.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.voice.errors import InvalidRequest
from car.voice.records import RATE, VadOptions
from car.voice.vad import FRAME_SAMPLES

FRAME_MS = FRAME_SAMPLES * 1000 // RATE
"""32."""

CUT_WITHIN_MS = 2_000
"""A segment that grows too long is cut at the quietest frame of so much at its end; of a quarter
of it where ``max_segment_ms`` is short."""

_SAMPLE_BYTES = 2

_LIMITS = {
    "min_silence_ms": (FRAME_MS, 10_000),
    "min_speech_frames": (1, 100),
    "pre_roll_ms": (0, 2_000),
    "max_segment_ms": (1_000, 30_000),
}
"""What options may be [ours]; speech models hear at most 30 s at once."""

Samples = NDArray[np.int16]


class Began(NamedTuple):
    """Speech began at *at_ms*; *audio* is what came shortly before and what there is of it."""

    at_ms: int
    audio: bytes


class More(NamedTuple):
    """More *audio* of the open segment, the silence after its speech included."""

    audio: bytes


class Ended(NamedTuple):
    """The segment is over: nobody spoke after *at_ms*, or it was *cut* there, being too long."""

    at_ms: int
    cut: bool


Event = Began | More | Ended


class _Frame(NamedTuple):
    """*end_ms* is where the frame ends, *energy* the sum of its squares."""

    audio: bytes
    end_ms: int
    voiced: bool
    energy: int


class Segmenter:
    """Takes frames of one stream, one after the other; audio is 16 kHz mono s16le.

    Times count the audio taken, and what was said to be ``skipped``.  Towards its greatest
    length a segment's audio is held back until it is known where it will be cut.  Raises
    InvalidRequest for options out of bounds.
    """

    def __init__(self, options: VadOptions) -> None:
        check_vad_options(options)
        self._threshold = options.threshold
        self._min_speech = options.min_speech_frames
        self._min_silence_ms = options.min_silence_ms
        self._max_ms = options.max_segment_ms
        self._hold_after_ms = self._max_ms - min(CUT_WITHIN_MS, self._max_ms // 4)
        self._pre_roll_bytes = options.pre_roll_ms * RATE // 1000 * _SAMPLE_BYTES
        self._now_ms = 0
        self._voiced = 0
        # What the next segment may begin with: the frames since somebody spoke.
        self._before: deque[_Frame] = deque(
            maxlen=options.pre_roll_ms // FRAME_MS + 1 + self._min_speech
        )
        # Of the open segment: when it began and last was voiced; the end that is held back.
        self._began_ms: int | None = None
        self._voiced_ms = 0
        self._held: list[_Frame] = []

    def frame(self, samples: Samples, probability: float) -> list[Event]:
        """Take the next frame, ``FRAME_SAMPLES`` long; answers what it tells."""
        self._now_ms += FRAME_MS
        wide = samples.astype(np.int64)
        frame = _Frame(
            samples.astype("<i2").tobytes(),
            self._now_ms,
            probability >= self._threshold,
            int(wide @ wide),
        )
        self._voiced = self._voiced + 1 if frame.voiced else 0
        if self._began_ms is None:
            return list(self._wait(frame))
        return list(self._go_on(frame, self._began_ms))

    def skipped(self, length_ms: int) -> None:
        """So much audio was lost before the next frame: times go on after it."""
        self._now_ms += length_ms

    def finish(self) -> list[Event]:
        """There is no more audio: answers the end of a segment that is open."""
        told: list[Event] = []
        if self._began_ms is not None:
            told = [*self._release(), self._end(self._voiced_ms, cut=False)]
        self._before.clear()
        self._voiced = 0
        return told

    def _wait(self, frame: _Frame) -> Iterator[Event]:
        """Nobody speaks yet."""
        self._before.append(frame)
        if self._voiced >= self._min_speech:
            onset_ms = self._before[-self._voiced].end_ms - FRAME_MS
            audio = b"".join(past.audio for past in self._before)
            size = self._pre_roll_bytes + self._voiced * len(frame.audio)
            self._before.clear()
            yield self._begin(onset_ms, frame.end_ms, audio[-size:])

    def _go_on(self, frame: _Frame, began_ms: int) -> Iterator[Event]:
        """Somebody speaks, or did until a moment ago."""
        self._held.append(frame)
        if frame.voiced:
            self._voiced_ms = frame.end_ms
            self._before.clear()
        else:
            self._before.append(frame)
        if frame.end_ms - self._voiced_ms >= self._min_silence_ms:
            yield from self._release()
            yield self._end(self._voiced_ms, cut=False)
        elif frame.end_ms - began_ms >= self._max_ms:
            yield from self._cut()
        elif frame.end_ms - began_ms <= self._hold_after_ms:
            yield from self._release()

    def _cut(self) -> Iterator[Event]:
        """End the segment at the quietest frame held back; what follows belongs to the next."""
        quietest = min(range(len(self._held)), key=lambda place: self._held[place].energy)
        rest = self._held[quietest + 1 :]
        del self._held[quietest + 1 :]
        cut_ms = self._held[-1].end_ms
        voiced_ms = self._voiced_ms
        yield from self._release()
        yield self._end(min(cut_ms, voiced_ms), cut=True)
        if voiced_ms > cut_ms:
            yield self._begin(cut_ms, voiced_ms, b"".join(frame.audio for frame in rest))

    def _begin(self, at_ms: int, voiced_ms: int, audio: bytes) -> Event:
        self._began_ms = at_ms
        self._voiced_ms = voiced_ms
        return Began(at_ms, audio)

    def _release(self) -> Iterator[Event]:
        held, self._held = self._held, []
        if held:
            yield More(b"".join(frame.audio for frame in held))

    def _end(self, at_ms: int, *, cut: bool) -> Event:
        self._began_ms = None
        self._voiced = 0
        return Ended(at_ms, cut)


def check_vad_options(options: VadOptions) -> None:
    """Raise InvalidRequest for options that no segmenter could work with."""
    if not 0 < options.threshold < 1:
        raise InvalidRequest(
            f"vad.threshold must be between 0 and 1, both excluded, and is {options.threshold:g}"
        )
    for name, (least, greatest) in _LIMITS.items():
        value: int = getattr(options, name)
        if not least <= value <= greatest:
            raise InvalidRequest(f"vad.{name} must be from {least} to {greatest}, and is {value}")
