"""How models have done so far: calls, time, tokens and quality, kept across restarts.

``<root>/models/outcome_profiles.json`` is an array of profiles as official clients write it.
What counts as a failure of a model's is the caller's to decide: a name that nobody knows and
a call that its caller gave up are not booked.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from car.inference.interfaces import InThread
from car.inference.keeping import KeptDocument
from car.inference.records import Usage
from car.ir.json import JsonObject

FIRST_QUALITY = 0.5
"""The quality of a model before its first call."""

QUALITY_STEP = 0.2
"""The part of the error that the average moves by: 0.5, 0.4, 0.32 after two failures."""


class TaskStats(Struct):
    """A model at one kind of task."""

    calls: int = 0
    successes: int = 0
    failures: int = 0
    avg_latency_ms: float = 0.0
    ema_quality: float = FIRST_QUALITY


class Profile(Struct):
    """A model over all its calls; ``updated_at`` in whole seconds since the epoch."""

    model_id: str
    total_calls: int = 0
    success_count: int = 0
    fail_count: int = 0
    total_latency_ms: int = 0
    total_input_tokens: int = 0
    total_output_tokens: int = 0
    task_stats: dict[str, TaskStats] = msgspec.field(default_factory=dict)
    ema_quality: float = FIRST_QUALITY
    quality_per_1k_tokens: float = 0.0
    updated_at: int = 0

    @property
    def avg_latency_ms(self) -> float:
        """The mean time of a call; 0 before the first."""
        return self.total_latency_ms / self.total_calls if self.total_calls else 0.0


class Observation(Struct, frozen=True):
    """One call of a model that came to an end of the model's own making."""

    model_id: str
    task: str
    ok: bool
    latency_ms: float
    usage: Usage | None = None


class Profiles:
    """The profiles of all models that were ever called; *path* None keeps them in memory."""

    def __init__(
        self,
        path: Path | None,
        clock: IReactorTime,
        in_thread: InThread,
        now: Callable[[], float],
    ) -> None:
        self._now = now
        self._profiles: dict[str, Profile] = {}
        self._kept = KeptDocument(path, list[Profile], clock, in_thread, self._copy)

    async def load(self) -> None:
        """Read what was saved."""
        saved = await self._kept.read() or ()
        self._profiles = {profile.model_id: profile for profile in saved} | self._profiles

    def get(self, model_id: str) -> Profile | None:
        """The profile of a model that has been called."""
        return self._profiles.get(model_id)

    def rows(self) -> list[JsonObject]:
        """The profiles of ``models.stats``, in the order of their first calls."""
        return [
            {
                "model_id": profile.model_id,
                "total_calls": profile.total_calls,
                "success_count": profile.success_count,
                "fail_count": profile.fail_count,
                "success_rate": (
                    profile.success_count / profile.total_calls if profile.total_calls else None
                ),
                "avg_latency_ms": profile.avg_latency_ms,
                "ema_quality": profile.ema_quality,
            }
            for profile in self._profiles.values()
        ]

    def book(self, seen: Observation) -> None:
        """Count a call; it is saved before long."""
        profile = self._profiles.setdefault(seen.model_id, Profile(seen.model_id))
        stats = profile.task_stats.setdefault(seen.task, TaskStats())
        profile.total_calls += 1
        profile.total_latency_ms += round(seen.latency_ms)
        stats.calls += 1
        stats.avg_latency_ms += (seen.latency_ms - stats.avg_latency_ms) / stats.calls
        if seen.ok:
            profile.success_count += 1
            stats.successes += 1
        else:
            profile.fail_count += 1
            stats.failures += 1
        if seen.usage is not None:
            profile.total_input_tokens += seen.usage.input_tokens
            profile.total_output_tokens += seen.usage.output_tokens
        self._move(profile, stats, 1.0 if seen.ok else 0.0)

    def judge(self, model_id: str, task: str, *, success: bool, confidence: float) -> None:
        """Say what became of an answer that was booked as a success.

        *confidence* (0 to 1) is the quality of one that helped; one that did not becomes a
        failure after all.
        """
        profile = self._profiles[model_id]
        stats = profile.task_stats[task]
        if not success:
            profile.success_count -= 1
            profile.fail_count += 1
            stats.successes -= 1
            stats.failures += 1
        self._move(profile, stats, confidence if success else 0.0)

    def flush(self) -> "Deferred[None]":
        """Save what has not been saved; fires when it is on disk, or has failed and is logged."""
        return self._kept.flush()

    def _move(self, profile: Profile, stats: TaskStats, quality: float) -> None:
        stats.ema_quality += QUALITY_STEP * (quality - stats.ema_quality)
        profile.ema_quality += QUALITY_STEP * (quality - profile.ema_quality)
        tokens = profile.total_input_tokens + profile.total_output_tokens
        if tokens:
            per_call = tokens / profile.total_calls
            profile.quality_per_1k_tokens = profile.ema_quality / per_call * 1000
        profile.updated_at = int(self._now())
        self._kept.changed()

    def _copy(self) -> object:
        return msgspec.to_builtins(list(self._profiles.values()))
