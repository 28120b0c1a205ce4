"""From audio as it comes to segments of speech: ring, resampler, VAD and segmenter in a row.

The work is done in the reactor's threads, a second of audio at a time; the reactor only hands
over octets and events.  Where audio comes from is known to ``sources``; what is done with
segments, to sessions.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.voice.resampling import Resampler
from car.voice.ring import SAMPLE_BYTES, RingBuffer
from car.voice.segmenter import FRAME_MS, Event, More, Segmenter
from car.voice.vad import FRAME_SAMPLES, Vad

_log = Logger()

BATCH_MS = 1_000
"""How much audio a thread takes at once [ours]: some 5 ms of work."""

OnEvent = Callable[[Event], None]
OnOverflow = Callable[[int], None]


class Listener:
    """Finds the speech in s16le audio of *sample_rate* and *channels*.

    *reactor* provides IReactorThreads.  *vad* and *segmenter* are its own from now on.
    *on_event* takes Began, More and Ended in their order, in the reactor's thread; successive
    Mores are joined.  *on_overflow* hears how many milliseconds of audio were dropped because
    they came faster than they were worked on.  Neither may raise.  Raises InvalidRequest.
    """

    def __init__(
        self,
        reactor: Any,
        sample_rate: int,
        channels: int,
        vad: Vad,
        segmenter: Segmenter,
        on_event: OnEvent,
        on_overflow: OnOverflow,
    ) -> None:
        self._reactor = reactor
        self._front = _Front(Resampler(sample_rate, channels), vad, segmenter)
        self._ring = RingBuffer(sample_rate, channels)
        self._bytes_per_second = sample_rate * channels * SAMPLE_BYTES
        self._on_event = on_event
        self._on_overflow = on_overflow
        self._received = 0
        self._working_ms = 0
        self._working = False
        self._lost_ms = 0
        self._flushes: list[Deferred[None]] = []
        self._closed = False

    @property
    def audio_ms(self) -> int:
        """All audio that was received, in milliseconds."""
        return self._ms(self._received)

    @property
    def behind_ms(self) -> int:
        """The audio that was received and is not segmented yet, in milliseconds."""
        return self._ring.held_ms + self._working_ms

    def audio_received(self, pcm: bytes) -> None:
        """Take *pcm*; more than 30 s that wait push out the oldest."""
        if self._closed:
            return
        self._received += len(pcm)
        dropped_ms = self._ring.dropped_ms
        self._ring.append(pcm)
        if self._ring.dropped_ms > dropped_ms:
            self._on_overflow(self._ring.dropped_ms - dropped_ms)
        self._go_on()

    def flush(self) -> "Deferred[None]":
        """Fires once all audio so far is segmented and a segment that was open has ended.

        Its events are told before.  Audio that comes later begins anew, as after silence.
        Cancelling only gives up the waiting.
        """
        if self._closed:
            return succeed(None)
        flushed: Deferred[None] = Deferred()
        self._flushes.append(flushed)
        self._go_on()
        return flushed

    def close(self) -> None:
        """Forget the audio that waits and tell no more events; flushes that wait fire."""
        self._closed = True
        self._ring.clear()
        flushes, self._flushes = self._flushes, []
        for flushed in flushes:
            flushed.callback(None)

    def _go_on(self) -> None:
        """Give a thread the next batch, if none is under way and there is something to do."""
        if self._working:
            return
        if len(self._ring) * 1000 >= self._bytes_per_second * FRAME_MS:
            self._work(last=False)
        elif self._flushes:
            self._work(last=True)

    def _work(self, *, last: bool) -> None:
        lost_ms = self._ring.dropped_ms - self._lost_ms
        self._lost_ms += lost_ms
        pcm = self._ring.take(self._bytes_per_second * BATCH_MS // 1000)
        self._working = True
        self._working_ms = self._ms(len(pcm))
        flushes = self._flushes if last else []
        if last:
            self._flushes = []
        pool = self._reactor.getThreadPool()
        deferToThreadPool(self._reactor, pool, self._front.segment, pcm, lost_ms, last).addErrback(
            self._failed
        ).addCallback(self._worked, flushes)

    def _failed(self, failure: Failure) -> list[Event]:
        _log.failure("{length_ms} ms of audio", failure, length_ms=self._working_ms)
        return []

    def _worked(self, events: list[Event], flushes: "list[Deferred[None]]") -> None:
        for event in events:
            if not self._closed:
                self._on_event(event)
        self._working = False
        self._working_ms = 0
        for flushed in flushes:
            flushed.callback(None)
        if not self._closed:
            self._go_on()

    def _ms(self, size_bytes: int) -> int:
        return size_bytes * 1000 // self._bytes_per_second


class _Front:
    """The stations of a stream, used by one thread after the other."""

    def __init__(self, resampler: Resampler, vad: Vad, segmenter: Segmenter) -> None:
        self._resampler = resampler
        self._vad = vad
        self._segmenter = segmenter
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)

    def segment(self, pcm: bytes, lost_ms: int, last: bool) -> list[Event]:
        """What *pcm* tells, before which *lost_ms* of audio were lost; all if it is the *last*."""
        if lost_ms:
            self._segmenter.skipped(lost_ms)
        parts = [self._rest, self._resampler.feed(pcm)]
        if last:
            parts.append(self._resampler.flush())
            length = sum(len(part) for part in parts)
            parts.append(np.zeros(-length % FRAME_SAMPLES, np.int16))
        samples = np.concatenate(parts)
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        self._rest = samples[whole:]
        events: list[Event] = []
        for frame in samples[:whole].reshape(-1, FRAME_SAMPLES):
            for event in self._segmenter.frame(frame, self._vad.probability(frame)):
                _add(events, event)
        if last:
            for event in self._segmenter.finish():
                _add(events, event)
        return events


def _add(events: list[Event], event: Event) -> None:
    """Append *event*; audio is joined to the audio before."""
    if isinstance(event, More) and events and isinstance(events[-1], More):
        events[-1] = More(events[-1].audio + event.audio)
    else:
        events.append(event)
