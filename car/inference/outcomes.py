"""What became of answers: a receipt for each call, settled by the actions that followed.

A call that failed is a failure at once; one that answered is inconclusive until
``outcomes.resolve_pending`` says whether what was made of the answer worked.  Counted since the
daemon began; the profiles, which last, are ``car.inference.profiles``'s.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from msgspec import Struct

from car.inference.models import ModelSchema
from car.inference.profiles import Observation, Profiles
from car.inference.scoring import cost_usd
from car.ir.json import JsonObject

MOST_PENDING = 10_000
"""Receipts that may wait; past that the oldest stays inconclusive for good [ours]."""


class ActionResult(Struct, frozen=True):
    """How an action of the answer with that trace id ended; *confidence* is 0 to 1."""

    trace_id: str
    success: bool
    confidence: float


class Tally(Struct):
    """The receipts of one model."""

    model_id: str
    successes: int = 0
    failures: int = 0
    inconclusive: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: float = 0.0
    quality: float = 0.0

    @property
    def receipts(self) -> int:
        """How many calls there were."""
        return self.successes + self.failures + self.inconclusive


class Outcomes:
    """The receipts of one daemon; what is settled moves the models' *profiles*."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._tallies: dict[str, Tally] = {}
        self._pending: OrderedDict[str, Observation] = OrderedDict()

    def note(self, seen: Observation, trace_id: str) -> None:
        """Book a call, in its model's profile as well."""
        self._profiles.book(seen)
        tally = self._tallies.setdefault(seen.model_id, Tally(seen.model_id))
        tally.latency_ms += seen.latency_ms
        if seen.usage is not None:
            tally.input_tokens += seen.usage.input_tokens
            tally.output_tokens += seen.usage.output_tokens
        if not seen.ok:
            tally.failures += 1
            return
        tally.inconclusive += 1
        if trace_id:
            self._pending[trace_id] = seen
            if len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)

    def resolve(self, results: Iterable[ActionResult]) -> int:
        """Settle the receipts named in *results*; how many rows had a trace id.

        A receipt with several actions is a success if all of them were.  Trace ids that are
        not known, or settled, change nothing.
        """
        by_trace: dict[str, list[ActionResult]] = {}
        for result in results:
            if result.trace_id:
                by_trace.setdefault(result.trace_id, []).append(result)
        for trace_id, rows in by_trace.items():
            seen = self._pending.pop(trace_id, None)
            if seen is not None:
                self._settle(seen, rows)
        return sum(len(rows) for rows in by_trace.values())

    def scoreboard(self, find: Callable[[str], ModelSchema | None]) -> JsonObject:
        """The result of ``outcomes.scoreboard``; prices are those of the schemas that *find* has.

        A price that is not known, and what is divided by no success, is null.
        """
        tallies = sorted(self._tallies.values(), key=lambda tally: tally.model_id)
        prices = [_price(tally, find(tally.model_id)) for tally in tallies]
        rows = [_row(*pair) for pair in zip(tallies, prices, strict=True)]
        known = [price for price in prices if price is not None]
        total = sum(known) if known and len(known) == len(prices) else None
        successes = sum(tally.successes for tally in tallies)
        return {
            "rows": rows,
            "total_successes": successes,
            "total_failures": sum(tally.failures for tally in tallies),
            "total_inconclusive": sum(tally.inconclusive for tally in tallies),
            "total_usd": total,
            "total_usd_is_estimate": any(row["usd_is_estimate"] for row in rows),
            "overall_usd_per_success": _ratio(total, successes),
            "model_count": len(tallies),
            "receipts": sum(tally.receipts for tally in tallies),
        }

    def _settle(self, seen: Observation, rows: list[ActionResult]) -> None:
        success = all(row.success for row in rows)
        confidence = sum(min(max(row.confidence, 0.0), 1.0) for row in rows) / len(rows)
        tally = self._tallies[seen.model_id]
        tally.inconclusive -= 1
        if success:
            tally.successes += 1
            tally.quality += confidence
        else:
            tally.failures += 1
        self._profiles.judge(seen.model_id, seen.task, success=success, confidence=confidence)


def _price(tally: Tally, model: ModelSchema | None) -> float | None:
    """What the calls cost by the published prices; None where those are not known."""
    if model is None:
        return None
    return cost_usd(model, tally.input_tokens, tally.output_tokens)


def _row(tally: Tally, price: float | None) -> JsonObject:
    settled = tally.successes + tally.failures
    return {
        "model_id": tally.model_id,
        "success_count": tally.successes,
        "fail_count": tally.failures,
        "inconclusive_count": tally.inconclusive,
        "total_input_tokens": tally.input_tokens,
        "total_output_tokens": tally.output_tokens,
        "avg_quality": _ratio(tally.quality, settled),
        "avg_latency_ms": tally.latency_ms / tally.receipts,
        "success_rate": _ratio(tally.successes, settled),
        "tokens_per_success": _ratio(tally.input_tokens + tally.output_tokens, tally.successes),
        "usd_per_success": _ratio(price, tally.successes),
        # The provider's bill may have discounts and cached tokens that we do not see.
        "usd_is_estimate": bool(price),
    }


def _ratio(amount: float | None, count: int) -> float | None:
    return amount / count if amount is not None and count else None
