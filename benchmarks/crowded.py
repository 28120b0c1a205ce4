"""The memory benchmark in a crowd: foreign facts around every timeline, a small budget.

    python benchmarks/crowded.py MEMORY_SCORE.py FILE.jsonl [--engine MODULE:FACTORY]

Half of what crowds a timeline are facts of timelines from other domains, the rest is made up.
None holds a phrase that an answer must or must not mention, so whatever is missing or leaks is
the engine's doing.  Scoring is left to the benchmark's own program, whose path is given.
"""

import argparse
import importlib
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.renaming import NEW, Story
from benchmarks.reworder import Phrases

CROWD = 600
"""Foreign facts a timeline."""

BUDGET = 2_000
"""Tokens a context may take."""

ENGINE = "car.testing.memory_benchmark:factory"

_KINDS = ("warehouse", "invoice", "shipment", "campaign", "workshop", "lease", "audit", "survey")
_STATES = ("is handled by", "was reviewed with", "waits for", "belongs to", "was handed to")


class Crowd:
    """Foreign facts for the timelines of one file."""

    def __init__(self, timelines: Sequence[Story]) -> None:
        self._facts = [(t["domain"], key, value) for t in timelines for key, value in _facts(t)]

    def around(self, timeline: Story) -> list[dict[str, Any]]:
        """The arguments of ``fact`` for each foreign fact; the same for the same timeline."""
        rng = random.Random(f"crowd {timeline['id']}")
        phrases = Phrases(timeline)
        foreign = [
            (key, value)
            for domain, key, value in self._facts
            if domain != timeline["domain"] and not any(phrases.in_text(f"{key}: {value}"))
        ]
        chosen = rng.sample(foreign, min(CROWD // 2, len(foreign)))
        made_up = _made_up(rng)
        while len(chosen) < CROWD:
            key, value = next(made_up)
            if not any(phrases.in_text(f"{key}: {value}")):
                chosen.append((key, value))
        rng.shuffle(chosen)
        begins = timeline["initial_state"]["environment"]["now"]
        return [
            {"ref": f"crowd-{number}", "key": key, "value": value, "ts": begins}
            for number, (key, value) in enumerate(chosen)
        ]


def _facts(timeline: Story) -> Iterator[tuple[str, str]]:
    """Key and value of every fact that *timeline* tells."""
    writes = [write for event in timeline["events"] for write in event.get("writes", ())]
    for fact in [*timeline["initial_state"]["persistent_facts"], *writes]:
        yield fact["key"], str(fact["value"])


def _made_up(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Facts of nobody's, without end."""
    while True:
        kind, number = rng.choice(_KINDS), rng.randrange(10_000, 100_000)
        who, where = rng.choice(NEW["companies"]), rng.choice(NEW["cities"])
        value = f"{kind.capitalize()} {number} in {where} {rng.choice(_STATES)} {who}"
        yield f"{kind}_{number}", value


def load_scorer(path: Path) -> ModuleType:
    """The benchmark's program at *path* as a module."""
    spec = importlib.util.spec_from_file_location("memory_score", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is not a Python program")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_factory(name: str) -> Callable[[], Any]:
    """What ``module:function`` names."""
    module, _, function = name.partition(":")
    factory: Callable[[], Any] = getattr(importlib.import_module(module), function)
    return factory


def main(argv: Sequence[str] | None = None) -> None:
    """Score an engine in the crowd and print each track."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scorer", type=Path, help="the benchmark's memory_score.py")
    parser.add_argument("data", type=Path)
    parser.add_argument("--engine", default=ENGINE, help="module:factory [%(default)s]")
    parser.add_argument("--regime", choices=("structured", "turns"), default="structured")
    options = parser.parse_args(argv)
    timelines = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    crowd = Crowd(timelines)
    results = load_scorer(options.scorer).run(
        load_factory(options.engine)(),
        timelines,
        regime=options.regime,
        budget=BUDGET,
        distractors=crowd.around,
    )
    macro = results.pop("all")
    for track, row in [*results.items(), ("macro", macro)]:
        print(f"{track:<26}{row['clean']:>8.3f} clean{row['over']:>8.3f} over budget")


if __name__ == "__main__":
    main(sys.argv[1:])
