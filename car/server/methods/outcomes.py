"""``outcomes.*``: what became of the models' answers."""

import msgspec
from msgspec import Struct

from car.inference.outcomes import ActionResult
from car.ir.json import JsonObject, JsonValue, convert
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class Resolution(Struct, frozen=True):
    """How actions ended that came of a model's answers: trace id, success, confidence, output."""

    action_results: list[tuple[str, bool, float, JsonValue]] = msgspec.field(name="actionResults")


@method("outcomes.scoreboard")
async def outcomes_scoreboard(session: ClientSession, params: NoParams) -> JsonObject:
    """What the models' answers were worth since the daemon began.

    A call that failed counts as a failure, one that answered as inconclusive until
    ``outcomes.resolve_pending`` settles it.  Result: ``{rows, total_successes,
    total_failures, total_inconclusive, total_usd, total_usd_is_estimate,
    overall_usd_per_success, model_count, receipts}``, rows of ``{model_id, success_count,
    fail_count, inconclusive_count, total_input_tokens, total_output_tokens, avg_quality,
    avg_latency_ms, success_rate, tokens_per_success, usd_per_success, usd_is_estimate}``;
    null is not known.
    """
    return await session.state.models.scoreboard()


@method("outcomes.resolve_pending")
def outcomes_resolve_pending(session: ClientSession, params: JsonObject) -> JsonObject:
    """Say how the actions ended that came of answers, by their trace ids.

    Params: ``actionResults``, rows of ``[trace_id, success, confidence, output]``; an answer
    with several is a success if all of them were.  A row without a trace id is skipped, one
    that is not known changes nothing.  Result: ``{recorded}``, the rows that had one.
    Errors: -32602 for a row that is none.
    """
    rows = convert(params, Resolution).action_results
    results = [ActionResult(trace_id, success, sure) for trace_id, success, sure, _ in rows]
    return {"recorded": session.state.models.resolve(results)}
