"""Pressures: how much each component of an agent asks to be worked on, 0 to 1.

Each is made of counts that somebody else has taken.  None stands for no signal: there was
nothing to measure.
"""

from collections.abc import Mapping

from msgspec import Struct

COMPACTION_TURNS = 150
"""Turns of conversation from which on compaction is overdue (memgine §3)."""

WAITING_CANDIDATES = 0.5
"""The pressure of candidates that nobody has judged."""

_SMALLER_IS_BETTER = frozenset(
    {
        "cost",
        "duration",
        "error",
        "errors",
        "failed",
        "failures",
        "latency",
        "ms",
        "retries",
        "seconds",
        "tokens",
        "violations",
    }
)
"""Words in the name of a metric that make the smaller value the better one."""


def memory_pressure(nodes: int, expired: int, turns: int) -> float | None:
    """By the share of nodes that have expired, or the conversation that is not compacted."""
    if not nodes:
        return None
    return min(1.0, max(expired / nodes, turns / COMPACTION_TURNS))


def skills_pressure(success_rates: Mapping[str, float], candidates: int) -> float | None:
    """By the domain that fails most; or by candidates that wait for the gate."""
    if not success_rates and not candidates:
        return None
    failing = [1 - rate for rate in success_rates.values()]
    return max([WAITING_CANDIDATES if candidates else 0.0, *failing])


def tools_pressure(succeeded: int, failed: int) -> float | None:
    """By the share of calls that failed."""
    return failed / (succeeded + failed) if succeeded + failed else None


class Comparison(Struct, frozen=True):
    """The metrics in which a candidate is better than the baseline, worse, or as good."""

    better: list[str]
    worse: list[str]
    equal: list[str]

    @property
    def pressure(self) -> float:
        """The share of metrics it betters; 0 where it is worse in any, or has none."""
        if self.worse or not self.better:
            return 0.0
        return len(self.better) / (len(self.better) + len(self.equal))

    @property
    def rationale(self) -> str:
        """The comparison in words."""
        found = (("better in", self.better), ("worse in", self.worse), ("equal in", self.equal))
        parts = [f"{how} {', '.join(names)}" for how, names in found if names]
        return "; ".join(parts) or "no metric is in both"


def compare_metrics(baseline: Mapping[str, float], candidate: Mapping[str, float]) -> Comparison:
    """Compare the metrics that both have, by name.

    Greater is better, but for a name with a word in it such as cost, errors or latency.
    """
    result = Comparison([], [], [])
    for name in sorted(baseline.keys() & candidate.keys()):
        gain = candidate[name] - baseline[name]
        if not _SMALLER_IS_BETTER.isdisjoint(name.casefold().replace("-", "_").split("_")):
            gain = -gain
        names = result.better if gain > 0 else result.worse if gain < 0 else result.equal
        names.append(name)
    return result
