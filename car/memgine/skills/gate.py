"""The gate: which candidates take their incumbent's place, and which are given up.

A candidate must be better beyond doubt: the lower Wilson bound of its success rate has to
beat the incumbent's.  Without outcomes a skill's lower bound is 0, so that what was never
tried neither wins nor keeps a proven candidate out.
"""

from msgspec import Struct

from car.memgine.skills.book import SkillBook
from car.memgine.skills.confidence import wilson_interval
from car.memgine.skills.records import CANDIDATE_SUFFIX, SkillStats


class GateReport(Struct, frozen=True):
    """What became of candidates, by their keys; those in neither list wait on."""

    promoted: list[str]
    rejected: list[str]


def run_gate(book: SkillBook, *, at: float) -> GateReport:
    """Judge every candidate in *book* and act on it; at the instant *at*.

    Rejected is one that degraded, or whose rate is below the incumbent's beyond doubt.
    """
    report = GateReport([], [])
    for candidate in book.candidates():
        incumbent = book.meta(candidate.name.removesuffix(CANDIDATE_SUFFIX))
        standing = SkillStats() if incumbent is None else incumbent.stats
        verdict = judge(candidate.stats, standing)
        if verdict is True:
            book.promote(candidate.name, at=at)
            report.promoted.append(candidate.name)
        elif verdict is False:
            book.withdraw(candidate.name, at=at)
            report.rejected.append(candidate.name)
    return report


def judge(candidate: SkillStats, incumbent: SkillStats) -> bool | None:
    """Whether the candidate is better beyond doubt, or worse; None while that is open."""
    if candidate.degraded:
        return False
    low, high = wilson_interval(candidate.success_count, candidate.trials)
    bar, _ = wilson_interval(incumbent.success_count, incumbent.trials)
    if low > bar:
        return True
    return False if high < bar else None
