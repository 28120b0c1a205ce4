"""How sure an outcome count makes one: the Wilson score interval of a share."""

from math import sqrt

Z_95 = 1.96
"""The standard score of a two-sided confidence of 95 %."""


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of the success rate behind *successes* of *trials*; 0 to 1 without any.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not trials:
        return (0.0, 1.0)
    rate, square = successes / trials, Z_95 * Z_95
    centre = rate + square / (2 * trials)
    spread = Z_95 * sqrt((rate * (1 - rate) + square / (4 * trials)) / trials)
    scale = 1 + square / trials
    return (max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))
