"""Tests of car verify, offline."""

import json

from tests.cli.running import CommandCase

PLAN = json.dumps(
    {
        "id": "p",
        "actions": [
            {"id": "a1", "type": "tool_call", "tool": "search"},
            {
                "id": "a2",
                "type": "tool_call",
                "tool": "deploy",
                "preconditions": [{"key": "approved", "value": True}],
                "dependencies": ["a1"],
            },
        ],
    }
)


class VerifyTests(CommandCase):
    """A plan, judged without a daemon."""

    def test_valid(self) -> None:
        """With its tools and its state the plan is valid; the order is shown."""
        plan, state = self.write("p.json", PLAN), self.write("s.json", '{"approved": true}')
        ended = self.run_here("verify", plan, "--tools", "search,deploy", "--state", state)
        self.assertEqual(ended.status, 0, ended)
        self.assertEqual(ended.out.splitlines()[0], "valid")
        self.assertIn("a1 -> a2", ended.out)

    def test_not_valid(self) -> None:
        """Every problem is a line; the status is 1."""
        plan = self.write("p.json", PLAN)
        ended = self.run_here("verify", plan, "--tools", "search")
        self.assertEqual(ended.status, 1)
        self.assertIn("error  a2  tool 'deploy' is not registered", ended.out)
        self.assertIn("2 errors", ended.out)

    def test_json(self) -> None:
        """--json prints the whole report on one line."""
        ended = self.run_here("verify", self.write("p.json", PLAN), "--json")
        self.assertEqual((ended.status, ended.out.count("\n")), (1, 1))
        self.assertEqual(json.loads(ended.out)["execution_levels"], [["a1"], ["a2"]])

    def test_hostile(self) -> None:
        """What a plan says does not steer the terminal."""
        plan = self.write("p.json", '{"actions": [{"id": "\\u001b[2J", "type": "tool_call"}]}')
        self.assertNotIn("\x1b", self.run_here("verify", plan).out)

    def test_bad_files(self) -> None:
        """A missing file, no JSON, another record, a state that is no object: usage."""
        self.assertRefused(self.run_here("verify", "nowhere.json"), 2, "nowhere.json", "No such")
        bad = self.write("bad.json", "{")
        self.assertRefused(self.run_here("verify", bad), 2, "is not a proposal")
        wrong = self.write("wrong.json", '{"actions": [{"id": 1}]}')
        self.assertRefused(self.run_here("verify", wrong), 2, "actions[0].id")
        plan, state = self.write("p.json", PLAN), self.write("s.json", "[]")
        self.assertRefused(self.run_here("verify", plan, "--state", state), 2, "JSON object")
        self.assertRefused(self.run_here("verify", plan, "--state", bad), 2, "is not JSON")
        (self.directory / "latin").write_bytes(b"\xff")
        latin = str(self.directory / "latin")
        self.assertRefused(self.run_here("verify", latin), 2, "not UTF-8")

    def test_url_alone(self) -> None:
        """--url without --daemon is told, not passed over."""
        plan = self.write("p.json", PLAN)
        self.assertRefused(self.run_here("verify", plan, "--url", "ws://h"), 2, "--daemon")
