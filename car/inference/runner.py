"""The delegated runner: a connection of the host's that runs models for us.

One runner at a time, the last that registered.  Its calls end by ``complete`` or ``fail``, by
silence, or with its connection.  Who may register, and how a call reaches it, is left to the
server.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from car.inference.errors import InferenceError, UnsupportedMode
from car.inference.interfaces import EventSink, IGenerator
from car.inference.models import ModelSchema
from car.inference.records import (
    Completion,
    GenerateRequest,
    StopReason,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
    UsageEvent,
)
from car.ir.json import JsonObject

IDLE_SECONDS = 120.0
"""How long a call may be silent [ours]."""

MOST_CALLS = 256
MOST_BYTES = 16 * 1024 * 1024
"""Calls under way at once, and what one call may bring."""

Invoke = Callable[[str, GenerateRequest], None]
"""Sends ``inference.runner.invoke {call_id, request}``."""


class RunnerError(InferenceError):
    """A call that a runner cannot do, or a runner that is not there."""


class UnknownCall(InferenceError):
    """A call id that names nothing under way."""


class Done(msgspec.Struct, frozen=True, tag_field="type", tag="done"):
    """A runner's own end of a stream; ``complete`` follows or not."""

    text: str = ""
    tool_calls: list[ToolCall] = msgspec.field(default_factory=list)


class Gathered:
    """A stream put together: what its events come to in the end."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, tuple[ToolStart, list[str]]] = {}
        self._usage: Usage | None = None
        self._stop: str | None = None
        self.size = 0
        self.begun = False

    def take(self, event: StreamEvent) -> None:
        """One more event."""
        match event:
            case TextDelta(data):
                self._text.append(data)
                self.size += len(data)
            case ToolStart():
                self._calls[event.index] = (event, [])
            case ToolDelta(index, data) if index in self._calls:
                self._calls[index][1].append(data)
                self.size += len(data)
            case UsageEvent():
                self._usage = Usage(*msgspec.structs.astuple(event))
            case StopReason(data):
                self._stop = data
        self.begun = True

    def completion(self) -> Completion:
        """The whole; raises RunnerError where a tool call's arguments are no JSON object."""
        return Completion("".join(self._text), self._tool_calls(), self._usage, self._stop)

    def _tool_calls(self) -> list[ToolCall]:
        found = []
        for start, parts in self._calls.values():
            try:
                arguments = msgspec.json.decode("".join(parts) or "{}", type=dict[str, Any])
            except msgspec.DecodeError:
                raise RunnerError(f"the arguments of {start.name} are no JSON object") from None
            found.append(ToolCall(start.name, arguments, start.id))
        return found


class _Call:
    def __init__(self, sink: EventSink | None, answer: "Deferred[Completion]") -> None:
        self.sink = sink
        self.answer = answer
        self.gathered = Gathered()
        self.timer: IDelayedCall | None = None


@implementer(IGenerator)
class DelegatedRunner:
    """Calls to whichever runner is registered; *clock* provides IReactorTime."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._owner: str | None = None
        self._invoke: Invoke | None = None
        self._calls: dict[str, _Call] = {}
        self._last = 0

    @property
    def connected(self) -> bool:
        """Whether there is a runner."""
        return self._invoke is not None

    def register(self, owner: str, invoke: Invoke) -> None:
        """Let *owner*'s connection run what is delegated; calls of an earlier one fail."""
        if self._owner is not None and self._owner != owner:
            self._end("another inference runner registered")
        self._owner, self._invoke = owner, invoke

    def session_closed(self, owner: str) -> None:
        """*owner*'s connection has gone; its calls fail."""
        if owner == self._owner:
            self._owner = self._invoke = None
            self._end("inference runner disconnected")

    def generate(
        self, model: ModelSchema, request: GenerateRequest, sink: EventSink | None
    ) -> "Deferred[Completion]":
        """As IGenerator has it; fails with RunnerError where nobody is registered."""
        answer: Deferred[Completion] = Deferred(lambda _: self._forget(call_id))
        self._last += 1
        call_id = f"r-{self._last}"
        if self._invoke is None:
            answer.errback(
                RunnerError(
                    f"model '{model.id}' is delegated but no runner is registered; "
                    "call inference.register_runner from the host"
                )
            )
        elif len(self._calls) >= MOST_CALLS:
            answer.errback(RunnerError(f"the inference runner has {MOST_CALLS} calls already"))
        else:
            self._calls[call_id] = _Call(sink, answer)
            self._heard(call_id)
            self._invoke(call_id, msgspec.structs.replace(request, model=model.id))
        return answer

    # ---- what the runner says ----------------------------------------------------------------

    def event(self, owner: str, call_id: str, event: JsonObject) -> None:
        """Part of a stream; raises UnknownCall, UnsupportedMode for a shape that is none."""
        call = self._call(owner, call_id)
        try:
            read = msgspec.convert(event, StreamEvent | Done)
        except msgspec.ValidationError:
            raise UnsupportedMode("unrecognised runner event shape") from None
        self._heard(call_id)
        if isinstance(read, Done):
            return
        call.gathered.take(read)
        if call.gathered.size > MOST_BYTES:
            self._fail(call_id, f"the answer is longer than {MOST_BYTES} characters")
        elif call.sink is not None:
            call.sink(read)

    def complete(self, owner: str, call_id: str, result: Completion) -> None:
        """The end of a call; where there were events, they are what counts.

        Raises UnknownCall.
        """
        call = self._call(owner, call_id)
        self._forget(call_id)
        try:
            whole = call.gathered.completion() if call.gathered.begun else result
        except RunnerError as problem:
            call.answer.errback(problem)
            return
        call.answer.callback(whole)

    def fail(self, owner: str, call_id: str, error: str) -> None:
        """The call has failed with that text; raises UnknownCall."""
        self._call(owner, call_id)
        self._fail(call_id, error)

    # ---- the table -----------------------------------------------------------------------------

    def _call(self, owner: str, call_id: str) -> _Call:
        call = self._calls.get(call_id)
        if call is None or owner != self._owner:
            raise UnknownCall(f"call_id: no call '{call_id[:100]}' of this runner is under way")
        return call

    def _heard(self, call_id: str) -> None:
        call = self._calls[call_id]
        if call.timer is not None and call.timer.active():
            call.timer.reset(IDLE_SECONDS)
        else:
            call.timer = self._clock.callLater(
                IDLE_SECONDS,
                self._fail,
                call_id,
                f"the inference runner was silent for {IDLE_SECONDS:.0f} s",
            )

    def _forget(self, call_id: str) -> None:
        call = self._calls.pop(call_id, None)
        if call is not None and call.timer is not None and call.timer.active():
            call.timer.cancel()

    def _fail(self, call_id: str, text: str) -> None:
        call = self._calls[call_id]
        self._forget(call_id)
        call.answer.errback(RunnerError(text))

    def _end(self, reason: str) -> None:
        for call_id in list(self._calls):
            self._fail(call_id, reason)
