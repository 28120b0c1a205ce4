"""Tests of car journal."""

import io
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from car.cli.journal import follow, tail
from car.eventlog.errors import JournalError
from tests.cli.running import CommandCase


def line(number: int, kind: str = "state_changed") -> str:
    """A journal line."""
    return (
        f'{{"id":"e-{number}","timestamp":"2026-03-04T10:00:02.123456Z","kind":"{kind}",'
        f'"action_id":null,"proposal_id":null,"data":{{"n":{number}}},"t_mono_ms":1.0}}\n'
    )


class JournalCase(CommandCase):
    """Has a journal of three lines."""

    def setUp(self) -> None:
        super().setUp()
        lines = [line(1, "record_opened"), line(2), line(3, "action_failed")]
        self.path = self.write("c-1.jsonl", "".join(lines))

    def append(self, text: str, name: str = "c-1.jsonl") -> None:
        with (self.directory / name).open("a") as file:
            file.write(text)


class ShowTests(JournalCase):
    """car journal show."""

    def test_show(self) -> None:
        """Every line, readable."""
        ended = self.run_here("journal", "show", self.path)
        self.assertEqual(ended.status, 0)
        self.assertEqual(
            ended.out.splitlines()[1], "e-2 10:00:02.123456 state_changed n=2", ended.out
        )

    def test_kinds(self) -> None:
        """--kind selects, by pattern as well; --json prints the lines as they are."""
        ended = self.run_here("journal", "show", self.path, "--kind", "action_*", "--json")
        self.assertEqual(ended.out, line(3, "action_failed"))

    def test_broken(self) -> None:
        """A broken line is shown as such, and the status is 1."""
        self.append("x\n" + line(4))
        ended = self.run_here("journal", "show", self.path)
        self.assertEqual(ended.status, 1)
        self.assertIn("broken: ", ended.out)
        self.assertIn("e-4", ended.out)

    def test_missing(self) -> None:
        """A file that is not there is usage."""
        for action in ("show", "verify", "tail"):
            ended = self.run_here("journal", action, "nowhere.jsonl")
            self.assertRefused(ended, 2, "nowhere.jsonl is not a file")


class VerifyTests(JournalCase):
    """car journal verify."""

    def test_good(self) -> None:
        """A whole journal, which is not chained."""
        ended = self.run_here("journal", "verify", self.path)
        self.assertEqual(ended.status, 0)
        self.assertEqual(
            ended.out.splitlines(),
            [
                "3 lines, the last is e-3",
                "numbers: without a gap",
                "chain: not chained; a changed line may go unseen",
            ],
        )

    def test_gap(self) -> None:
        """A number that is left out."""
        self.append(line(5))
        ended = self.run_here("journal", "verify", self.path)
        self.assertEqual(ended.status, 1)
        self.assertIn("gap: e-3 is followed by e-5", ended.out)

    def test_torn(self) -> None:
        """A line that was not written to its end."""
        self.append(line(4)[:20])
        ended = self.run_here("journal", "verify", self.path)
        self.assertEqual(ended.status, 1)
        self.assertIn("torn: the last 20 octets", ended.out)
        told = json.loads(self.run_here("journal", "verify", self.path, "--json").out)
        self.assertEqual((told["ok"], told["torn_bytes"], told["last_number"]), (False, 20, 3))

    def test_tampered(self) -> None:
        """A chained line that was changed."""
        changed = line(4)[:-2] + f',"prev_hash":"{"0" * 64}","hash":"{"1" * 64}"}}\n'
        self.append(changed)
        ended = self.run_here("journal", "verify", self.path)
        self.assertEqual(ended.status, 1)
        self.assertIn("chain: broken at line 4", ended.out)


class TailTests(JournalCase):
    """car journal tail."""

    def numbers(self, count: int, lines: int, *steps: Callable[[], object]) -> list[int]:
        """The first *count* numbers followed; each wait takes the next of *steps*."""
        todo = iter(steps)
        events = follow(Path(self.path), lines, lambda seconds: next(todo)())
        return [event.number for event in islice(events, count)]

    def test_last(self) -> None:
        """The last lines come first."""
        self.assertEqual(self.numbers(2, 2), [2, 3])

    def test_appended(self) -> None:
        """New lines come once they are whole, also after a quiet beat."""
        self.assertEqual(
            self.numbers(
                4,
                1,
                lambda: self.append(line(4) + line(5)[:9]),
                lambda: None,
                lambda: self.append(line(5)[9:] + "broken\n" + line(6)),
            ),
            [3, 4, 5, 6],
        )

    def test_next_part(self) -> None:
        """It goes on in the next part, without what that repeats."""

        def rotate() -> None:
            self.append(line(4))
            self.append(line(4) + line(5), "c-1.2.jsonl")

        self.assertEqual(self.numbers(3, 1, rotate), [3, 4, 5])

    def test_gone(self) -> None:
        """A journal that is removed meanwhile is told."""
        path = Path(self.path)
        self.assertRaises(JournalError, self.numbers, 4, 1, path.unlink)

    def test_command(self) -> None:
        """Ctrl-C ends it in order."""

        def interrupt(seconds: float) -> None:
            raise KeyboardInterrupt

        options = Namespace(file=self.path, lines=10, kind=["action_failed"], json=True)
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        self.assertEqual(tail(options, interrupt), 0)
        self.assertEqual(out.getvalue(), line(3, "action_failed"))
