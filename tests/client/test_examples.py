"""The examples of the documentation, run against a daemon."""

import subprocess
import sys

from tests.cli.running import CHECKOUT, RUN_SECONDS, DaemonCase

EXAMPLES = CHECKOUT / "docs" / "examples"


class ExampleTests(DaemonCase):
    """Each file under docs/examples does what its page says."""

    def run_example(self, name: str) -> str:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name)],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def test_first_proposal(self) -> None:
        """A plan is verified and run; the second tool gets the first one's output."""
        self.assertEqual(
            self.run_example("first_proposal.py").splitlines(),
            [
                "valid: True order: [['read'], ['count']]",
                "read succeeded the text of notes.md",
                "count succeeded 4",
            ],
        )

    def test_guarded_tool(self) -> None:
        """A policy rejects, a tool fails, the daemon refuses: three kinds of no."""
        lines = self.run_example("guarded_tool.py").splitlines()
        self.assertEqual(lines[0], "ls -> succeeded ran ls")
        self.assertTrue(lines[1].startswith("rm -rf / -> rejected"), lines)
        self.assertIn("no-rm", lines[1])
        self.assertEqual(lines[2], "deploy -> failed cluster unreachable")
        self.assertEqual(lines[3], "-32601 method not found: state.wipe")

    def test_come_back(self) -> None:
        """The connection is lost and found; tools stand again, the state does not."""
        self.assertEqual(
            self.run_example("come_back.py").splitlines(),
            [
                "disconnected",
                "reconnected; the state is a new one: None",
                "the tool is there again: pong",
                "the client is closed",
            ],
        )

    def test_signed_pack(self) -> None:
        """A pack whose signature fits is taken in; nobody here trusts its signer."""
        lines = self.run_example("signed_pack.py").splitlines()
        self.assertTrue(lines[0].startswith("for those who trust acme: --skill-signer acme="))
        self.assertEqual(lines[1:], ["loaded: ['pay'] signed: True", "by somebody trusted: False"])

    def test_none_left_out(self) -> None:
        """Every example is run here and shown on a page."""
        pages = [path.read_text("utf-8") for path in (CHECKOUT / "docs").rglob("*.md")]
        for path in EXAMPLES.glob("*.py"):
            self.assertTrue(hasattr(self, f"test_{path.stem}"), path)
            self.assertTrue(any(f"examples/{path.name}" in page for page in pages), path)
