"""Tests of the commands that talk to a daemon: a real one, in a process of its own."""

import json
import signal
import subprocess
import sys

from tests.cli.running import HEEDING, RUN_SECONDS, CommandCase, DaemonCase, Ended
from tests.system.daemon import wait_until

NOBODY = "ws://127.0.0.1:1"

PLAN = json.dumps(
    {
        "id": "p",
        "actions": [
            {"id": "a1", "type": "tool_call", "tool": "echo", "parameters": {"x": 1}},
            {
                "id": "a2",
                "type": "tool_call",
                "tool": "shout",
                "parameters": {"text": "$a1.output.x"},
                "dependencies": ["a1"],
            },
        ],
    }
)


class CallTests(DaemonCase):
    """car call."""

    def test_result(self) -> None:
        """The result is printed, indented for people, on one line for programs."""
        ended = self.run_child("call", "tools.list")
        self.assertEqual((ended.status, ended.err), (0, ""))
        self.assertTrue(ended.out.startswith('{\n  "tools": '), ended.out)
        ended = self.run_child("call", "state.set", "-", "--json", stdin='{"key": "k"}')
        self.assertEqual((ended.status, ended.out), (0, '"ok"\n'))

    def test_refused(self) -> None:
        """An error of the daemon is one line with its code, status 1."""
        self.assertRefused(self.run_child("call", "state.wipe"), 1, "not found", "(-32601)")
        self.assertRefused(self.run_child("call", "state.get", "{}"), 1, "key", "(-32602)")

    def test_wrong_token(self) -> None:
        """A wrong token is refused with where it came from."""
        self.environ["CAR_AUTH_TOKEN"] = "wrong"
        ended = self.run_child("call", "tools.list")
        self.assertRefused(ended, 1, "token mismatch", "CAR_AUTH_TOKEN")

    def test_no_token(self) -> None:
        """Without a token the remedy is named."""
        del self.environ["CAR_HOME"]
        self.assertRefused(self.run_child("call", "tools.list"), 1, "CAR_HOME to the daemon's")

    def test_doctor(self) -> None:
        """car doctor finds the daemon."""
        ended = self.run_child("doctor")
        self.assertEqual(ended.status, 0, ended)
        self.assertIn(f"the daemon at {self.url} answers", ended.out)
        self.environ["CAR_AUTH_TOKEN"] = "wrong"
        ended = self.run_child("doctor")
        self.assertEqual(ended.status, 1, ended)
        self.assertIn("does not let us in", ended.out)


class SubmitTests(DaemonCase):
    """car submit."""

    def submit(self, shout: str, *more: str) -> Ended:
        """Submit PLAN: echo repeats its parameters, *shout* is Python for the other tool."""
        plan = self.write("p.json", PLAN)
        program = self.write("shout.py", f"import json, sys\nasked = json.load(sys.stdin)\n{shout}")
        tools = ["--tool", "echo=cat", "--tool", f"shout={sys.executable} {program}"]
        return self.run_child("submit", plan, *tools, *more)

    def test_succeeded(self) -> None:
        """Parameters come as JSON, outputs go back as JSON or text; status 0."""
        ended = self.submit("print('text is', asked['text'])")
        self.assertEqual(ended.status, 0, ended)
        first, second, cost = ended.out.splitlines()
        self.assertEqual(
            first.split()[:3] + first.split()[5:], ["a1", "succeeded", "echo", '{"x":1}']
        )
        self.assertTrue(second.endswith('"text is 1"'), second)
        self.assertIn("2 actions, 2 succeeded, 2 tool calls", cost)

    def test_failed(self) -> None:
        """A command that fails fails its action with the end of its stderr; status 1."""
        ended = self.submit("sys.exit('cluster unreachable')")
        self.assertEqual(ended.status, 1, ended)
        self.assertIn("exit status 1: cluster unreachable", ended.out)

    def test_json(self) -> None:
        """--json prints the whole result on one line."""
        ended = self.submit("print(2)", "--json")
        result = json.loads(ended.out)
        self.assertEqual([action["status"] for action in result["results"]], ["succeeded"] * 2)
        self.assertEqual(result["results"][1]["output"], 2)

    def test_interrupt(self) -> None:
        """Ctrl-C while an answer is waited for is one line and status 130."""
        begun = self.directory / "begun"
        shell = f"touch {begun}; exec sleep 5"
        tools = ["--tool", f"echo=sh -c '{shell}'", "--tool", "shout=cat"]
        submitting = subprocess.Popen(
            [sys.executable, "-c", HEEDING, "submit", self.write("p.json", PLAN), *tools],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertTrue(wait_until(begun.exists, RUN_SECONDS))
        submitting.send_signal(signal.SIGINT)
        out, err = submitting.communicate(timeout=RUN_SECONDS)
        ended = (submitting.returncode, out, err)
        self.assertEqual(ended, (130, b"", b"car: interrupted\n"))

    def test_rejected(self) -> None:
        """An action without its tool is rejected, with the reason; status 1."""
        ended = self.run_child("submit", self.write("p.json", PLAN))
        self.assertEqual(ended.status, 1)
        self.assertIn("tool 'echo' is not registered", ended.out)

    def test_verify(self) -> None:
        """car verify --daemon asks the daemon."""
        ended = self.run_child("verify", self.write("p.json", PLAN), "--daemon")
        self.assertEqual(ended.status, 1, ended)
        self.assertIn("tool 'echo' is not registered", ended.out)


class UnreachableTests(CommandCase):
    """Commands without a daemon, and arguments that need none to be refused."""

    def test_unreachable(self) -> None:
        """No daemon is status 3, with the remedy."""
        for argv in (["call", "x"], ["submit", self.write("p.json", PLAN)]):
            ended = self.run_child(*argv, "--url", NOBODY)
            self.assertRefused(ended, 3, NOBODY, "twistd -n car")

    def test_url(self) -> None:
        """A URL that is none is usage."""
        ended = self.run_child("call", "x", "--url", "http://127.0.0.1:9100")
        self.assertRefused(ended, 2, "must be ws://")

    def test_arguments(self) -> None:
        """Bad JSON, a missing file, a bad tool are usage."""
        self.assertRefused(self.run_child("call", "x", "{"), 2, "is not JSON")
        self.assertRefused(self.run_child("submit", "nowhere"), 2, "nowhere cannot be read")
        plan = self.write("p.json", PLAN)
        self.assertRefused(self.run_child("submit", plan, "--tool", "echo"), 2, "NAME=COMMAND")
        ended = self.run_child("submit", plan, "--tool", "echo=no-such-program")
        self.assertRefused(ended, 2, "no program 'no-such-program'")
        self.assertRefused(self.run_child("submit", plan, "--tool", "a='"), 2, "quotation")
