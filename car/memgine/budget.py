"""How much a context may hold, and how its sections share that (memgine §4)."""

from collections.abc import Mapping

CHARACTERS_PER_TOKEN = 4
"""A token is taken to be four characters (memgine §4)."""

DEFAULT_TOKENS = 8_000
SMALLEST_TOKENS = 2_000
RESERVED_FOR_ANSWER = 4_096
WINDOW_SHARE = 0.4


def budget_tokens(model_context_window: int | None) -> int:
    """The tokens a context may take in a model with that window; 8,000 without one.

    ``max(2000, 0.4 * (window - 4096))`` (memgine §4).  A window too small for that leaves
    a quarter of itself.
    """
    if model_context_window is None:
        return DEFAULT_TOKENS
    if model_context_window < RESERVED_FOR_ANSWER:
        return max(1, model_context_window // 4)
    return max(SMALLEST_TOKENS, int(WINDOW_SHARE * (model_context_window - RESERVED_FOR_ANSWER)))


def allot(total: int, demands: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """Divide *total* among sections that want *demands*, by *shares*; what one leaves flows on.

    Nobody gets more than asked; the order of *shares* breaks no tie, so the outcome does
    not depend on it but for the last characters lost to rounding.
    """
    granted = dict.fromkeys(demands, 0)
    left = total
    open_sections = {name for name, demand in demands.items() if demand > 0}
    while open_sections and left > 0:
        weight = sum(shares[name] for name in open_sections)
        content = {
            name
            for name in open_sections
            if demands[name] - granted[name] <= left * shares[name] / weight
        }
        if not content:
            for name in open_sections:
                granted[name] += int(left * shares[name] / weight)
            return granted
        for name in content:
            left -= demands[name] - granted[name]
            granted[name] = demands[name]
        open_sections -= content
    return granted
