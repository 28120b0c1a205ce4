"""The distiller: skills out of traces, by rule and without a model.

A sequence of tool calls that succeeded again and again is worth a name.  Values that were
the same each time stand in its code, the others become placeholders.  Whether the skill is
any good is for the gate to find out.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from car.ir.json import JsonObject, JsonValue, encode, same
from car.memgine.skills.records import DistilledSkill, TraceEvent, Trigger, scope_of

MAX_EVENTS = 2000
"""The newest events of a trace that are looked at: 30 ms at most."""

MAX_STEPS = 8
"""The steps of the longest sequence that is looked for."""

LEAST_REPEATS = 2

_WORD = re.compile(r"[^\W_]+")


class _Step(NamedTuple):
    tool: str
    parameters: JsonObject
    event_id: str | None


class _Sequence(NamedTuple):
    """Tools in a row, and the places where they begin among all steps."""

    tools: tuple[str, ...]
    places: list[int]


def distill(events: Sequence[TraceEvent], domain: str | None = None) -> list[DistilledSkill]:
    """The skills in a trace: its repeated successful sequences of two steps or more.

    The sequence that covers most of the trace comes first, and no step counts for two.
    Anything but a success ends a sequence.  *domain* becomes the scope, and begins the name.
    """
    steps = _steps(events[-MAX_EVENTS:])
    used: set[int] = set()
    found = []
    for sequence in sorted(_repeated(steps), key=_worth):
        span = len(sequence.tools)
        places = [at for at in sequence.places if used.isdisjoint(range(at, at + span))]
        if len(places) >= LEAST_REPEATS:
            runs = []
            for at in places:
                used.update(range(at, at + span))
                runs.append([step for step in steps[at : at + span] if step is not None])
            found.append(_skill(runs, domain))
    return found


def _steps(events: Sequence[TraceEvent]) -> list[_Step | None]:
    """The successful calls in order, None where a sequence ends."""
    steps: list[_Step | None] = []
    for event in events:
        data = event.data or {}
        tool = event.tool or data.get("tool")
        parameters = data.get("parameters")
        if event.kind != "action_succeeded" or (event.reward is not None and event.reward < 0):
            steps.append(None)
        elif isinstance(tool, str) and tool:
            kept = parameters if isinstance(parameters, dict) else {}
            steps.append(_Step(tool, kept, event.id or event.action_id))
    return steps


def _repeated(steps: list[_Step | None]) -> Iterator[_Sequence]:
    """Every sequence that occurs twice or more without overlapping itself.

    One that is itself a repetition, ``a b a b`` or ``a a``, is left to its part.
    """
    tools = [None if step is None else step.tool for step in steps]
    for length in range(2, MAX_STEPS + 1):
        places: dict[tuple[str | None, ...], list[int]] = {}
        for at in range(len(tools) - length + 1):
            known = places.setdefault(tuple(tools[at : at + length]), [])
            if not known or known[-1] + length <= at:
                known.append(at)
        for window, found in places.items():
            names = tuple(name for name in window if name is not None)
            whole = len(names) == length and not _is_repetition(names)
            if whole and len(found) >= LEAST_REPEATS:
                yield _Sequence(names, found)


def _is_repetition(tools: tuple[str, ...]) -> bool:
    length = len(tools)
    return any(
        length % part == 0 and tools == tools[:part] * (length // part)
        for part in range(1, length // 2 + 1)
    )


def _worth(sequence: _Sequence) -> tuple[int, int, int]:
    """Orders by steps covered, then by length, then by the first place."""
    length = len(sequence.tools)
    return (-length * len(sequence.places), -length, sequence.places[0])


def _skill(runs: list[list[_Step]], domain: str | None) -> DistilledSkill:
    """The skill behind *runs*, which call the same tools."""
    tools = [step.tool for step in runs[0]]
    name = "-".join(tools)
    steps = [
        {"tool": tools[n], "parameters": _generalised([run[n].parameters for run in runs])}
        for n in range(len(tools))
    ]
    words = dict.fromkeys(word.casefold() for tool in tools for word in _WORD.findall(tool))
    return DistilledSkill(
        name=name if domain is None else f"{domain}/{name}",
        code=encode(steps).decode(),
        description=f"{', then '.join(tools)}; seen to succeed {len(runs)} times",
        platform="distilled",
        domain=domain,
        scope=scope_of(domain),
        when_to_apply=f"when a task calls for {' and '.join(dict.fromkeys(tools))}",
        trigger=Trigger(task_keywords=list(words)),
        source="success",
        source_event_ids=[s.event_id for run in runs for s in run if s.event_id is not None],
    )


def _generalised(calls: list[JsonObject]) -> JsonObject:
    """The parameters that all *calls* have: a value that differs becomes ``<its name>``."""
    first, *others = calls
    shared: dict[str, JsonValue] = {}
    for name, value in first.items():
        if all(name in other for other in others):
            constant = all(same(value, other[name]) for other in others)
            shared[name] = value if constant else f"<{name}>"
    return shared
