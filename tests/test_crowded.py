"""Tests of the crowd around a benchmark timeline."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.crowded import BUDGET, CROWD, Crowd, main
from benchmarks.reworder import Phrases
from tests.test_rewordings import story

SCORER = """
def run(engine, timelines, regime, budget, distractors):
    facts = [fact for timeline in timelines for fact in distractors(timeline)]
    row = {"clean": budget / 10000, "over": len(facts) / 10000}
    return {"track": row, "all": row}
"""


def in_domain(domain: str, number: int, **truth: tuple[str, ...]) -> dict[str, Any]:
    """A timeline of *domain*."""
    return {**story(**truth), "domain": domain, "id": f"T-{number}"}


class CrowdTests(SynchronousTestCase):
    """What stands around a timeline."""

    def setUp(self) -> None:
        self.timelines = [in_domain("birds", n, must=("Reno", "lease")) for n in range(3)]
        self.timelines += [in_domain("bats", n) for n in range(3, 5)]
        self.crowd = Crowd(self.timelines)

    def test_foreign(self) -> None:
        """As many facts as asked for, from other domains, with references of their own."""
        around = self.crowd.around(self.timelines[0])
        self.assertEqual(len({fact["ref"] for fact in around}), CROWD)
        self.assertEqual(sum(fact["key"] == "birdhouse_contract" for fact in around), 2)

    def test_harmless(self) -> None:
        """No foreign fact says what the timeline is asked for."""
        phrases = Phrases(self.timelines[0])
        for fact in self.crowd.around(self.timelines[0]):
            self.assertFalse(any(phrases.in_text(f"{fact['key']}: {fact['value']}")), fact)

    def test_deterministic(self) -> None:
        """The same timeline has the same crowd."""
        again = Crowd(self.timelines).around(self.timelines[4])
        self.assertEqual(self.crowd.around(self.timelines[4]), again)

    def test_main(self) -> None:
        """The benchmark's program is given crowd and budget; what it finds is printed."""
        directory = Path(self.mktemp())
        directory.mkdir()
        scorer, data = directory / "score.py", directory / "data.jsonl"
        scorer.write_text(SCORER)
        data.write_text("".join(f"{json.dumps(timeline)}\n" for timeline in self.timelines))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            main([str(scorer), str(data), "--engine", "builtins:object"])
        macro = out.getvalue().splitlines()[-1]
        self.assertEqual(macro.split()[:2], ["macro", f"{BUDGET / 10_000:.3f}"])
