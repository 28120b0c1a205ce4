"""Replay conformance cases: ``python -m car.testing.conformance FILE_OR_DIRECTORY...``.

Prints each failing case with what was expected and what came, then the counts of each area
and of all; the last line is ``N passed, N failed``.  Exits with 1 if anything failed.
"""

import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from car.errors import CarError
from car.ir.json import JsonObject, JsonValue, decode, encode
from car.testing.patterns import mentions, mismatches
from car.testing.worlds import World

_SHOWN_CHARS = 600
"""How much of an answer the report of a failing case shows."""


class Verdict(NamedTuple):
    """What became of a case: ``passed``, ``failed`` or ``not available``."""

    outcome: str
    details: tuple[str, ...] = ()


def replay(case: JsonObject) -> Verdict:
    """Run one case in a world of its own."""
    calls = _calls(case)
    if not all(World.knows(call) for call, _, _ in calls):
        return Verdict("not available")
    try:
        details = list(_replayed(case, calls))
    except Exception:  # a defect of ours fails its case; the others are still replayed
        details = traceback.format_exc().splitlines()
    return Verdict("failed", tuple(details)) if details else Verdict("passed")


def _replayed(case: JsonObject, calls: list[tuple[str, JsonObject, JsonObject]]) -> Iterator[str]:
    """What is wrong with the answers to *calls* and with the world they leave."""
    world = World(case.get("setup", {}))
    for number, (call, arguments, expected) in enumerate(calls):
        for text in _answered(world, call, arguments, expected):
            yield f"{number + 1}. {call}: {text}"
    yield from _left_behind(world, case.get("after", {}))


def _calls(case: JsonObject) -> list[tuple[str, JsonObject, JsonObject]]:
    """Each call of a case with its arguments and what it is expected to answer."""
    if case["call"] != "sequence":
        return [(case["call"], case["input"], case["expect"])]
    return [
        (step["call"], step.get("input", {}), expected)
        for step, expected in zip(case["input"], case["expect"], strict=True)
    ]


def _answered(
    world: World, call: str, arguments: JsonObject, expected: JsonObject
) -> Iterable[str]:
    """What is wrong with the answer to one call."""
    try:
        answer = world.answer(call, arguments)
    except CarError as problem:
        if "error" not in expected:
            return [f"expected an answer, got the error: {problem}"]
        words: list[str] = expected["error"]["mentions"]
        if mentions(words, str(problem)):
            return []
        return [f"expected an error that mentions {words}, got: {problem}"]
    if "error" in expected:
        return [f"expected an error, got {_shown(answer)}"]
    return mismatches(expected["ok"], answer)


def _left_behind(world: World, after: JsonObject) -> Iterator[str]:
    """What is wrong with the world once all calls have been made."""
    found: JsonObject = {
        "state": world.runtime.state.snapshot(),
        "events": world.runtime.events.count,
        "calls": world.executor.calls,
    }
    for name, pattern in after.items():
        yield from mismatches(pattern, found.get(name), f"after.{name}")


def _shown(value: JsonValue) -> str:
    text = encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def cases(paths: Iterable[Path]) -> Iterator[JsonObject]:
    """All cases of the files given, and of those in the directories given."""
    for path in paths:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            yield from decode(file.read_bytes())["cases"]


def main(arguments: list[str]) -> int:
    """Replay everything under the paths in *arguments*; the exit status."""
    counts: dict[str, Counter[str]] = {}
    for case in cases(map(Path, arguments)):
        verdict = replay(case)
        counts.setdefault(case["area"], Counter())[verdict.outcome] += 1
        if verdict.outcome == "failed":
            print(f"{case['id']}: {case.get('note', case['call'])}")
            for detail in verdict.details:
                print(f"    {detail}")
    for area, count in counts.items():
        print(f"{area}: {_summary(count)}")
    total = sum(counts.values(), Counter[str]())
    print(f"total: {_summary(total)}")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] or not total else 0


def _summary(count: Counter[str]) -> str:
    text = f"{count['passed']} passed, {count['failed']} failed"
    if count["not available"]:
        text += f", {count['not available']} not available"
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
