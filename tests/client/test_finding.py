"""Tests of car.client.finding."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.client.errors import ClientError
from car.client.finding import DEFAULT_URL, find_proof, find_url
from car.errors import SettingsError


class FindingTests(SynchronousTestCase):
    """Where the daemon is, and what to show it."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.environ = {"HOME": str(self.home)}

    def write(self, path: str, text: str) -> None:
        file = self.home / path / "ai.parslee.car" / "auth-token"
        file.parent.mkdir(parents=True)
        file.write_text(text)

    def test_url(self) -> None:
        """CAR_DAEMON_URL as it stands, else the default."""
        self.assertEqual(find_url({"CAR_DAEMON_URL": " ws://h:1/p "}), "ws://h:1/p")
        self.assertEqual(find_url({"CAR_DAEMON_URL": " "}), DEFAULT_URL)

    def test_order(self) -> None:
        """The token given, the variable, then the files; a blank one counts as none."""
        self.assertIsNone(find_proof(self.environ, "linux").params)
        self.write(".config", "home\n")
        proof = find_proof(self.environ, "linux")
        self.assertEqual(proof.params, {"token": "home"})
        self.assertIn(".config", proof.origin)
        self.write("root", "  ")
        self.environ["CAR_HOME"] = str(self.home / "root")
        self.assertEqual(find_proof(self.environ, "linux").params, {"token": "home"})
        self.environ["CAR_AUTH_TOKEN"] = " variable "
        self.assertEqual(find_proof(self.environ, "linux").params, {"token": "variable"})
        self.assertEqual(find_proof(self.environ, "linux", "given").params, {"token": "given"})

    def test_agent(self) -> None:
        """A supervised agent shows its own token; the memory namespace is passed on."""
        self.environ.update(
            CAR_AGENT_ID="a", CAR_AGENT_TOKEN="t", CAR_AUTH_TOKEN="x", CAR_MEMORY_NAMESPACE="m"
        )
        self.assertEqual(
            find_proof(self.environ, "linux").params,
            {"agent_id": "a", "token": "t", "memory_namespace": "m"},
        )

    def test_unreadable(self) -> None:
        """A token file that is there and cannot be read is told, not passed over."""
        path = self.home / ".config" / "ai.parslee.car" / "auth-token"
        path.mkdir(parents=True)
        problem = self.assertRaises(ClientError, find_proof, self.environ, "linux")
        self.assertIn("Is a directory; give the token in CAR_AUTH_TOKEN", str(problem))
        path.rmdir()
        path.write_bytes(b"\xff")
        self.assertRaises(ClientError, find_proof, self.environ, "linux")

    def test_relative_root(self) -> None:
        """A relative CAR_HOME is refused as by the daemon."""
        self.environ["CAR_HOME"] = "here"
        self.assertRaises(SettingsError, find_proof, self.environ, "linux")
