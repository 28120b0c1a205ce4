"""Lessons: what the last events of a session teach, without a model.

A tool that keeps failing in one way is worth knowing; what made it work again is worth
doing next time.  The same events give the same lessons, word for word, so that learning
twice changes nothing.  Where lessons are kept is left to ``proactive``.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from car.memgine.bank import KNOWLEDGE, PROCEDURAL

REPEATED = 2
"""How many failures of a tool in one way make a lesson."""

LONGEST_QUOTE = 200
"""Characters that are kept of an error's first line."""

MOST_STEPS = 3
"""How many of the steps between failure and success are named, the last ones."""

Trigger = Literal["none", "tool_error", "repeated_failures", "recovery"]


class RecentEvent(msgspec.Struct, frozen=True):
    """One journal event of an action, as far as it teaches something.

    *text* is the error of one that failed; *at* is in seconds since the epoch.
    """

    kind: str
    tool: str | None = None
    ok: bool | None = None
    """Whether the action succeeded; None for an event that does not tell."""
    text: str = ""
    at: float = 0.0


class Lesson(msgspec.Struct, frozen=True):
    """Something to keep; *name* is the same whenever it is learnt again."""

    kind: str
    name: str
    subject: str
    body: str


class Teaching(msgspec.Struct, frozen=True):
    """What events come to: the strongest sign in them, lessons, and how things stand."""

    trigger: Trigger
    lessons: list[Lesson]
    status: str | None


def read_events(events: Sequence[RecentEvent], is_recalled: Callable[[str], bool]) -> Teaching:
    """What *events*, oldest first, teach; texts that *is_recalled* knows teach nothing."""
    outcomes = [event for event in events if event.ok is not None and event.tool]
    taught = [event for event in outcomes if event.ok or not is_recalled(event.text)]
    repeated = _repeated(taught)
    recovered = _recovered(taught)
    failed = any(not event.ok for event in outcomes)
    trigger: Trigger = "tool_error" if failed else "none"
    if repeated:
        trigger = "repeated_failures"
    if recovered:
        trigger = "recovery"
    lessons = {lesson.name: lesson for lesson in (*repeated, *recovered)}
    return Teaching(trigger, list(lessons.values()), _status(taught))


def _repeated(events: Sequence[RecentEvent]) -> list[Lesson]:
    """A lesson for each way in which a tool failed more than once, in order of the first."""
    counts: Counter[tuple[str, str]] = Counter()
    quotes: dict[tuple[str, str], str] = {}
    for event in events:
        if not event.ok:
            way = (event.tool or "", _way(event.text))
            counts[way] += 1
            quotes.setdefault(way, _quote(event.text))
    return [
        Lesson(
            kind=KNOWLEDGE,
            name=_name("fails", *way),
            subject=f"tool {way[0]}",
            body=f"keeps failing with: {quotes[way]}",
        )
        for way, count in counts.items()
        if count >= REPEATED
    ]


def _recovered(events: Sequence[RecentEvent]) -> list[Lesson]:
    """A lesson for each tool that failed and then worked: what was done in between."""
    lessons = []
    failure: dict[str, int] = {}
    for place, event in enumerate(events):
        tool = event.tool or ""
        if not event.ok:
            failure[tool] = place
        elif tool in failure:
            first = failure.pop(tool)
            between = [other.tool or "" for other in events[first + 1 : place] if other.ok]
            steps = list(dict.fromkeys(between))[-MOST_STEPS:]
            error = events[first].text
            lessons.append(
                Lesson(
                    kind=PROCEDURAL,
                    name=_name("works", tool, _way(error), *steps),
                    subject=f"tool {tool}",
                    body=f"after failing with: {_quote(error)} - {_remedy(steps)}",
                )
            )
    return lessons


def _remedy(steps: Sequence[str]) -> str:
    return f"it worked once these had run: {', '.join(steps)}" if steps else "trying again worked"


def _status(outcomes: Sequence[RecentEvent]) -> str | None:
    """One line on how things stand; None where nothing has been done."""
    if not outcomes:
        return None
    done = sum(1 for event in outcomes if event.ok)
    last = outcomes[-1]
    end = "succeeded" if last.ok else f"failed with: {_quote(last.text)}"
    return (
        f"last actions: {done} succeeded, {len(outcomes) - done} failed; "
        f"the last, {last.tool}, {end}"
    )


def _quote(text: str) -> str:
    """The first line of *text*, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def _way(text: str) -> str:
    """*text* without what differs from one failure to the next: numbers and long hex."""
    return re.sub(r"\b[0-9a-f]{8,}\b|\d+", "#", _quote(text).casefold())


def _name(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:12]
