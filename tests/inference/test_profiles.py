"""Tests of profiles: counting, the quality average, saving."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.documents import write_document
from car.inference.keeping import SAVE_SECONDS
from car.inference.profiles import Observation, Profiles
from car.inference.records import Usage
from tests.inference.doubles import EPOCH

MEMBERS = [
    *("model_id", "total_calls", "success_count", "fail_count", "total_latency_ms"),
    *("total_input_tokens", "total_output_tokens", "task_stats", "ema_quality"),
    *("quality_per_1k_tokens", "updated_at"),
]


def seen(ok: bool = True, latency_ms: float = 100.0, task: str = "code") -> Observation:
    """A call of one model."""
    return Observation("lab/echo:1", task, ok, latency_ms, Usage(300, 200) if ok else None)


class ProfilesTests(SynchronousTestCase):
    """Profiles: in memory and on disk."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "models" / "outcome_profiles.json"
        self.clock = Clock()
        self.profiles = self.open(self.path)

    def open(self, path: Path | None) -> Profiles:
        """Profiles that were read from *path*."""
        profiles = Profiles(path, self.clock, maybeDeferred, lambda: EPOCH + self.clock.seconds())
        self.successResultOf(Deferred.fromCoroutine(profiles.load()))
        return profiles

    def quality(self) -> float:
        profile = self.profiles.get("lab/echo:1")
        assert profile is not None
        return profile.ema_quality

    def test_quality(self) -> None:
        """0.5 becomes 0.32, 0.2048, 0.131 after 2, 4, 6 failures (0.7 engine)."""
        for expected in (0.32, 0.2048, 0.131072):
            self.profiles.book(seen(ok=False))
            self.profiles.book(seen(ok=False))
            self.assertAlmostEqual(self.quality(), expected)

    def test_quality_rises(self) -> None:
        """A success moves it by a fifth of what is missing."""
        self.profiles.book(seen())
        self.assertAlmostEqual(self.quality(), 0.6)

    def test_counts(self) -> None:
        """Calls, times and tokens add up, over all and by task."""
        for one in (seen(latency_ms=100), seen(ok=False, latency_ms=50), seen(task="chat")):
            self.profiles.book(one)
        profile = self.profiles.get("lab/echo:1")
        assert profile is not None
        self.assertEqual(
            (profile.total_calls, profile.success_count, profile.fail_count), (3, 2, 1)
        )
        self.assertEqual((profile.total_input_tokens, profile.total_output_tokens), (600, 400))
        self.assertEqual(profile.total_latency_ms, 250)
        code = profile.task_stats["code"]
        self.assertEqual((code.calls, code.successes, code.failures), (2, 1, 1))
        self.assertEqual(code.avg_latency_ms, 75.0)
        self.assertEqual(profile.updated_at, int(EPOCH))
        self.assertAlmostEqual(
            profile.quality_per_1k_tokens, profile.ema_quality / (1000 / 3) * 1000
        )

    def test_rows(self) -> None:
        """The rows of models.stats."""
        self.assertEqual(self.profiles.rows(), [])
        self.profiles.book(seen())
        self.profiles.book(seen(ok=False))
        [row] = self.profiles.rows()
        self.assertAlmostEqual(row.pop("ema_quality"), 0.48)
        expected = {"model_id": "lab/echo:1", "total_calls": 2, "success_count": 1}
        self.assertEqual(
            row, {**expected, "fail_count": 1, "success_rate": 0.5, "avg_latency_ms": 100.0}
        )

    def test_judge(self) -> None:
        """An answer that did not help becomes a failure; one that did moves the average."""
        self.profiles.book(seen())
        self.profiles.judge("lab/echo:1", "code", success=True, confidence=0.6)
        self.assertAlmostEqual(self.quality(), 0.6)
        self.profiles.judge("lab/echo:1", "code", success=False, confidence=1.0)
        self.assertAlmostEqual(self.quality(), 0.48)
        profile = self.profiles.get("lab/echo:1")
        assert profile is not None
        self.assertEqual((profile.success_count, profile.fail_count), (0, 1))
        self.assertEqual(profile.task_stats["code"].failures, 1)

    def test_saved_on_a_beat(self) -> None:
        """Many calls are one write, within five seconds of the first."""
        writes: list[object] = []

        def in_thread(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
            if function is write_document:
                writes.append(args)
            return maybeDeferred(function, *args)

        profiles = Profiles(self.path, self.clock, in_thread, lambda: EPOCH)
        for _ in range(10):
            profiles.book(seen())
        self.clock.advance(SAVE_SECONDS - 0.1)
        self.assertEqual(writes, [])
        self.clock.advance(0.1)
        self.assertEqual(len(writes), 1)
        self.clock.advance(60)
        self.assertEqual(len(writes), 1)
        profiles.book(seen())
        self.clock.advance(SAVE_SECONDS)
        self.assertEqual(len(writes), 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_survives(self) -> None:
        """What is flushed at the end is there at the next beginning, in the clients' form."""
        self.profiles.book(seen())
        self.successResultOf(self.profiles.flush())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        [row] = json.loads(self.path.read_text("utf-8"))
        self.assertEqual(list(row), MEMBERS)
        self.assertEqual(self.open(self.path).rows(), self.profiles.rows())
        self.successResultOf(self.profiles.flush())

    def test_broken_file(self) -> None:
        """A broken file is moved aside and the count begins anew."""
        self.path.parent.mkdir(parents=True)
        self.path.write_text('[{"model_id": 3}]')
        self.assertEqual(self.open(self.path).rows(), [])
        self.assertEqual(os.listdir(self.path.parent), ["outcome_profiles.json.broken"])

    def test_not_written(self) -> None:
        """A write that fails is logged, and the next is tried."""
        self.path.mkdir(parents=True)
        self.profiles.book(seen())
        self.clock.advance(SAVE_SECONDS)
        self.path.rmdir()
        self.profiles.book(seen())
        self.clock.advance(SAVE_SECONDS)
        self.assertTrue(self.path.is_file())

    def test_without_a_file(self) -> None:
        """Without a file nothing is timed or written."""
        profiles = self.open(None)
        profiles.book(seen())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.successResultOf(profiles.flush())
        self.assertEqual(len(profiles.rows()), 1)
