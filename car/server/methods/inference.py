"""``inference.*``: the runner that a host's connection brings (``protocol-inference.md`` §3)."""

import msgspec
from msgspec import Struct

from car.inference.records import Completion, GenerateRequest, ToolCall
from car.ir.json import JsonObject, to_value
from car.server.methods.infer import engine_of
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class Event(Struct, frozen=True):
    """Part of a call's stream."""

    call_id: str
    event: JsonObject


class RunnerResult(Struct, frozen=True):
    """What a call came to."""

    text: str = ""
    tool_calls: list[ToolCall] = msgspec.field(default_factory=list)


class Complete(Struct, frozen=True):
    """The end of a call."""

    call_id: str
    result: RunnerResult = RunnerResult()


class Fail(Struct, frozen=True):
    """The failure of a call."""

    call_id: str
    error: str


@method("inference.register_runner", host_only=True)
def inference_register_runner(session: ClientSession, params: NoParams) -> JsonObject:
    """Let this connection run the models whose source is ``delegated``.

    It is sent ``inference.runner.invoke {call_id, request}``.  One for the daemon, the last
    wins; calls fail with its connection.  Result: ``{registered: true}``.
    """

    def invoke(call_id: str, request: GenerateRequest) -> None:
        session.notify(
            "inference.runner.invoke", {"call_id": call_id, "request": to_value(request)}
        )

    engine_of(session).runner.register(session.client_id, invoke)
    return {"registered": True}


@method("inference.runner.event")
def inference_runner_event(session: ClientSession, params: Event) -> JsonObject:
    """Part of a call's stream: the events of ``infer_stream``, and ``done``.

    Result: ``{emitted: true}``.  Errors: -32603 for a call that is not under way, or a shape
    that is none of these.
    """
    engine_of(session).runner.event(session.client_id, params.call_id, params.event)
    return {"emitted": True}


@method("inference.runner.complete")
def inference_runner_complete(session: ClientSession, params: Complete) -> JsonObject:
    """The end of a call; where events were sent, they are what counts.

    Result: ``{completed: true}``.  Errors: -32603 for a call that is not under way.
    """
    result = Completion(params.result.text, params.result.tool_calls)
    engine_of(session).runner.complete(session.client_id, params.call_id, result)
    return {"completed": True}


@method("inference.runner.fail")
def inference_runner_fail(session: ClientSession, params: Fail) -> JsonObject:
    """The failure of a call; who asked gets the text.

    Result: ``{failed: true}``.  Errors: -32603 for a call that is not under way.
    """
    engine_of(session).runner.fail(session.client_id, params.call_id, params.error)
    return {"failed": True}
