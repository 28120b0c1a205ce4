"""The official client: where it finds the token, and what it makes of a refusal."""

from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.clients import CAPABILITIES, VERSIONS, client
from tests.interop.daemon import running_daemon
from tests.interop.official import drive

READS_TOKEN_VARIABLE = ("0.22.0", "0.30.0", "0.48.0", "0.58.0")
"""Versions that take the token from ``CAR_AUTH_TOKEN`` (0.19.0 and later)."""


class TokenTests(SynchronousTestCase):
    """Where clients find the token, and what they make of one that is refused."""

    def clients(self) -> dict[str, Path]:
        """The versions that authenticate."""
        return {v: client(v) for v in VERSIONS if CAPABILITIES[v].authenticates}

    def assert_let_in(self, python: Path, environment: dict[str, str]) -> None:
        """Both calls of the client with *environment* succeed."""
        outcomes = drive(python, "twice", environment)
        self.assertEqual(outcomes, {"first": {"value": None}, "second": {"value": None}}, python)

    def test_wrong_token(self) -> None:
        """A wrong token is told to the user as such, at each call."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            tokens = Path(directory, "ai.parslee.car")
            tokens.mkdir()
            (tokens / "auth-token").write_text("x" * 43)
            environment = {**daemon.environment, "XDG_RUNTIME_DIR": directory}
            for version, python in self.clients().items():
                for outcome in drive(python, "twice", environment).values():
                    self.assertIn("auth failed: token mismatch", outcome["text"], version)

    def test_no_token(self) -> None:
        """Without a token the first call fails, and so does the next; nothing hangs."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            environment = {**daemon.environment, "XDG_RUNTIME_DIR": directory}
            for version in VERSIONS:
                outcomes = drive(client(version), "twice", environment)
                raised = [outcome.get("raised") for outcome in outcomes.values()]
                self.assertEqual(raised, ["RuntimeError"] * 2, version)

    def test_token_variable(self) -> None:
        """Later clients take the token from the environment."""
        with running_daemon() as daemon, TemporaryDirectory() as directory:
            environment = {
                **daemon.environment, "XDG_RUNTIME_DIR": directory, "CAR_AUTH_TOKEN": daemon.token
            }  # fmt: skip
            for version in READS_TOKEN_VARIABLE:
                self.assert_let_in(client(version), environment)

    def test_home(self) -> None:
        """Without a runtime directory the token lies in the home, for all."""
        with running_daemon(place="home") as daemon:
            for python in self.clients().values():
                self.assert_let_in(python, daemon.environment)

    def test_state_root(self) -> None:
        """With a state root of its own the daemon is still found by the latest clients."""
        with running_daemon(place="root") as daemon:
            for version in ("0.48.0", "0.58.0"):
                self.assert_let_in(client(version), daemon.environment)
