"""Tests of car.voice.hearing: an open source and its listener, and sources that are held up."""

from typing import Any

import numpy as np
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.voice import hearing
from car.voice.errors import InvalidRequest
from car.voice.hearing import HOLD_MS, LOOK_SECONDS, Ears, Hearing, open_hearing
from car.voice.records import PcmPush, VadOptions, VoiceOptions
from car.voice.segmenter import Began, Ended, Event
from car.voice.sources.source import Source
from car.voice.vad import EnergyVad
from tests.server.doubles import ThreadlessClock


class FakeSource(Source):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__("file", 16_000, 1, lambda pcm: None, lambda problem: None)
        self.told: list[str] = []

    def pause(self) -> None:
        """Note it."""
        self.told.append("pause")

    def resume(self) -> None:
        """Note it."""
        self.told.append("resume")

    def stop(self) -> "Deferred[None]":
        """Note it."""
        self.told.append("stop")
        return succeed(None)


class FakeListener:
    """Notes what it is told, and is as far behind as a test says."""

    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.audio_ms, self.behind_ms = 1_000, 0

    def audio_received(self, pcm: bytes) -> None:
        """Note it."""
        self.told.append("audio")

    def flush(self) -> "Deferred[None]":
        """Note it."""
        self.told.append("flush")
        return succeed(None)

    def close(self) -> None:
        """Note it."""
        self.told.append("close")


class HearingTests(SynchronousTestCase):
    """Between source and listener."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.pending_ms = 0
        self.ended: list[str | None] = []
        self.source = FakeSource()
        self.told = self.source.told
        self.listener = FakeListener(self.told)
        ears = Ears(
            heard=lambda event: None,
            dropped=lambda length_ms: None,
            ended=self.ended.append,
            pending_ms=lambda: self.pending_ms,
        )
        self.hearing = Hearing(self.clock, ears)
        listener: Any = self.listener
        self.hearing.begin(self.source, listener)

    def test_held_up(self) -> None:
        """A source waits while too much of its audio does, wherever that is, and goes on then."""
        self.listener.behind_ms = self.pending_ms = HOLD_MS // 2
        self.hearing.audio_received(b"")
        self.assertEqual(self.told, ["audio"])
        self.pending_ms += 1
        self.hearing.audio_received(b"")
        self.hearing.audio_received(b"")
        self.assertEqual(self.told, ["audio", "audio", "pause", "audio"])
        self.clock.advance(LOOK_SECONDS)
        self.assertNotIn("resume", self.told)
        self.pending_ms = 0
        self.clock.advance(LOOK_SECONDS)
        self.assertEqual(self.told[-1], "resume")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tap(self) -> None:
        """Who keeps the audio gets all of it, as the source has it."""
        tapped: list[tuple[int, int, bytes]] = []
        ears = Ears(
            heard=lambda event: None,
            dropped=lambda length_ms: None,
            ended=lambda problem: None,
            pending_ms=lambda: 0,
            tap=lambda *audio: tapped.append(audio),
        )
        tapping = Hearing(self.clock, ears)
        listener: Any = self.listener
        tapping.begin(self.source, listener)
        tapping.audio_received(b"pcm")
        self.assertEqual((tapped, self.told), ([(16_000, 1, b"pcm")], ["audio"]))

    def test_finish(self) -> None:
        """At the end the source stops first, then what came is cut up."""
        self.successResultOf(self.hearing.finish())
        self.assertEqual(self.told, ["stop", "flush"])

    def test_close(self) -> None:
        """Closing lets go of all, also of a source that waits."""
        self.pending_ms = HOLD_MS + 1
        self.hearing.audio_received(b"")
        self.successResultOf(self.hearing.close())
        self.assertEqual(self.told[-2:], ["close", "stop"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ended(self) -> None:
        """The source's end is told in a turn of its own."""
        self.hearing.source_ended("the pipe broke")
        self.assertEqual(self.ended, [])
        self.clock.advance(0)
        self.assertEqual(self.ended, ["the pipe broke"])


class OpenHearingTests(SynchronousTestCase):
    """The whole front, on a source that is pushed to."""

    def setUp(self) -> None:
        self.reactor = ThreadlessClock()
        self.patch(hearing, "open_vad", lambda reactor: succeed(EnergyVad()))
        self.events: list[Event] = []
        self.ears = Ears(
            heard=self.events.append,
            dropped=lambda length_ms: None,
            ended=lambda problem: None,
            pending_ms=lambda: 0,
        )

    def test_pushed(self) -> None:
        """A second of noise between silences is one segment."""
        opened = open_hearing(self.reactor, PcmPush(8_000), VoiceOptions(), self.ears)
        found = self.successResultOf(opened)
        quiet = np.zeros(8_000, np.int16)
        loud = np.random.default_rng(1).normal(0, 6_000, 8_000).astype(np.int16)
        for part in (quiet, loud, quiet):
            found.push(part.tobytes())
        self.successResultOf(found.finish())
        began, ended = self.events[0], self.events[-1]
        assert isinstance(began, Began) and isinstance(ended, Ended)
        self.assertTrue(800 <= began.at_ms <= 1_200, began.at_ms)
        self.assertTrue(1_800 <= ended.at_ms <= 2_300, ended)
        self.assertEqual((found.audio_ms, found.behind_ms), (3_000, 0))
        self.successResultOf(found.close())

    def test_refused(self) -> None:
        """Sources and options that make no sense open nothing."""
        for source, options, text in (
            (PcmPush(7), VoiceOptions(), "sample_rate"),
            (PcmPush(8_000), VoiceOptions(vad=VadOptions(threshold=2.0)), "vad.threshold"),
        ):
            opened = open_hearing(self.reactor, source, options, self.ears)
            failure = self.failureResultOf(opened, InvalidRequest)
            self.assertIn(text, str(failure.value))
