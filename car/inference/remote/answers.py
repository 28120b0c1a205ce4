"""Putting the events of an answer together, and what the readers of answers have in common."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from car.inference.errors import ProviderError
from car.inference.records import (
    Completion,
    ProviderItem,
    StopReason,
    StreamError,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
    UsageEvent,
)
from car.ir.json import JsonError, decode

T = TypeVar("T")

TRUNCATED = frozenset({"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})
"""The providers' words for an answer that was cut off."""


class Assembly:
    """The whole of an answer, event by event."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, ToolStart] = {}
        self._arguments: dict[int, list[str]] = {}
        self._usage: Usage | None = None
        self._stop_reason: str | None = None

    def add(self, event: StreamEvent) -> None:
        """Take one more event."""
        match event:
            case TextDelta(data=data):
                self._text.append(data)
            case ToolStart(index=index):
                self._calls[index] = event
            case ToolDelta(index=index, data=data):
                self._arguments.setdefault(index, []).append(data)
            case UsageEvent():
                self._usage = Usage(
                    event.input_tokens,
                    event.output_tokens,
                    event.cache_read_input_tokens,
                    event.cache_creation_input_tokens,
                )
            case StopReason(data=data):
                self._stop_reason = data
            case ProviderItem() | StreamError():
                pass  # for whoever listens to the stream

    def completion(self) -> Completion:
        """The answer.  Raises ProviderError where the arguments of a call are not JSON."""
        calls = [self._call(index) for index in sorted(self._calls)]
        return Completion("".join(self._text), calls, self._usage, self._stop_reason)

    def _call(self, index: int) -> ToolCall:
        start = self._calls[index]
        text = "".join(self._arguments.get(index, ()))
        try:
            arguments = decode(text) if text.strip() else {}
        except JsonError:
            arguments = None
        if not isinstance(arguments, dict):
            why = " (the answer was cut off)" if self._stop_reason in TRUNCATED else ""
            raise ProviderError(
                f"The model's arguments for the tool {start.name} are not a JSON object{why}."
            )
        return ToolCall(start.name, arguments, start.id)


class ToolIndex:
    """Numbers the tool calls of an answer 0, 1, …, by whatever the provider calls them."""

    def __init__(self) -> None:
        self._count = 0
        self._numbers: dict[object, int] = {}

    def start(self, *names: object) -> int:
        """The number of a new call, from now on known by any of *names*."""
        number = self._count
        self._count += 1
        self._numbers.update((name, number) for name in names)
        return number

    def find(self, name: object) -> int | None:
        """The number of the call last known by *name*."""
        return self._numbers.get(name)


def read(decoder: Decoder[T], text: str | bytes | Raw) -> T:
    """What the provider wrote, as the record of *decoder*.  Raises ProviderError."""
    try:
        return decoder.decode(text)
    except (DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ProviderError(f"The provider's answer is not in its format: {problem}.") from None


def stop_events(usage: UsageEvent | None, reason: str | None) -> Iterable[StreamEvent]:
    """The end of an answer: what was used and why it stopped, as far as they are known."""
    if usage is not None:
        yield usage
    if reason is not None:
        yield StopReason(reason)
