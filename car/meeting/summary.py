"""Summaries of meetings: what is asked of a model, and how much of a transcript it is given."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from car.inference.engine import Answer
from car.inference.errors import InferenceError
from car.inference.records import GenerateParams, GenerateRequest, IntentHint
from car.inference.router import ANSWER_SHARE, Route
from car.meeting.errors import MeetingError
from car.meeting.records import MeetingRecord, TranscriptLine
from car.store.thread import InThread

WINDOW = 8_192
"""The tokens of a model whose context is not known [ours]."""

LARGEST_WINDOW = 32_768
"""The tokens that are used of a larger window [ours]: some three hours of talk."""

ANSWER_TOKENS = 1_024
"""The longest summary [ours]."""

OCTETS_PER_TOKEN = 3
"""What a token of a transcript is taken for [ours]: names and times cost more than prose, for
which it is four."""

_INSTRUCTION = """\
You are given the transcript of a meeting, a line for each thing said: time, speaker, words.
Write its summary as Markdown, in the language of the meeting, with three sections:
## Decisions
## Action items (each with its owner)
## Open questions
Say only what the transcript says; where a section has nothing, write "none"."""


class NoSummary(MeetingError):
    """A meeting that was not summarised; the message says why."""


class Generates(Protocol):
    """What is asked of inference; ``InferenceEngine`` has it."""

    def generate(self, request: GenerateRequest) -> Awaitable[Answer]:
        """Run *request*; fails with InferenceError."""


class Summariser:
    """Has *engine*, looked up at each use, summarise meetings.

    *choose* tells which model a request would go to, so that a long transcript can be cut to
    its window; without it the window is taken for ``WINDOW``.  *in_thread* is where the
    transcript is read.
    """

    def __init__(
        self,
        engine: Callable[[], Generates],
        choose: Callable[[GenerateRequest], Awaitable[Route]] | None,
        in_thread: InThread,
    ) -> None:
        self._engine = engine
        self._choose = choose
        self._in_thread = in_thread

    async def summarise(self, record: MeetingRecord) -> str:
        """Fires with the summary, which says so if it does not rest on the whole transcript.

        Fails with NoSummary where nothing was said or no model answers.
        """
        lines = record.transcript
        if not lines:
            raise NoSummary("nothing was said")
        try:
            window = await self._window(lines)
            prompt, left_out = await self._in_thread(_prompt, lines, window)
            answer = await self._engine().generate(_request(prompt, window))
        except InferenceError as problem:
            raise NoSummary(f"no model available: {problem}") from None
        text = answer.completion.text.strip()
        if not text:
            raise NoSummary(f"{answer.model.name} had nothing to say")
        if left_out:
            text = (
                f"*The transcript was longer than the model's window: {left_out} of its "
                f"{len(lines)} lines, from the middle, were left out.*\n\n{text}"
            )
        return text

    async def _window(self, lines: Sequence[TranscriptLine]) -> int:
        """How many tokens the model holds that would summarise *lines*."""
        if self._choose is None:
            return WINDOW
        prompt, _ = await self._in_thread(_prompt, lines, LARGEST_WINDOW)
        route = await self._choose(_request(prompt, LARGEST_WINDOW))
        return min(route.model.context_length or WINDOW, LARGEST_WINDOW)


def _prompt(lines: Sequence[TranscriptLine], window: int) -> tuple[str, int]:
    """As much of the transcript as *window* holds, and how many lines were left out."""
    head, tail = cut(lines, window)
    told = [_line(line) for line in head]
    if tail:
        told += ["[…]", *(_line(line) for line in tail)]
    return "\n".join(told), len(lines) - len(head) - len(tail)


def cut(
    lines: Sequence[TranscriptLine], window: int
) -> tuple[Sequence[TranscriptLine], Sequence[TranscriptLine]]:
    """The first and the last of *lines* that a window of so many tokens holds.

    All are first ones where all fit.  As much is kept of the end as of the beginning.
    """
    answer = min(ANSWER_TOKENS, window // ANSWER_SHARE)
    room = (window - answer) * OCTETS_PER_TOKEN - 2 * len(_INSTRUCTION)  # and the model's own
    sizes = [len(_line(line).encode()) + 1 for line in lines]
    if sum(sizes) <= room:
        return lines, []
    first, last = 0, len(lines)
    head = tail = 0
    while first < last:
        takes_head = head <= tail
        size = sizes[first] if takes_head else sizes[last - 1]
        if head + tail + size > room:
            break
        if takes_head:
            head, first = head + size, first + 1
        else:
            tail, last = tail + size, last - 1
    return lines[:first], lines[last:]


def _request(transcript: str, window: int) -> GenerateRequest:
    answer = min(ANSWER_TOKENS, window // ANSWER_SHARE)
    return GenerateRequest(
        system=_INSTRUCTION,
        prompt=transcript,
        intent=IntentHint(task="summarize"),
        params=GenerateParams(temperature=0.0, max_tokens=answer, workload="background"),
    )


def _line(line: TranscriptLine) -> str:
    minutes, seconds = divmod(line.offset_ms // 1000, 60)
    return f"{minutes:02d}:{seconds:02d} {line.speaker}: {line.text}"
