"""Two daemons on one state root, and what a killed one leaves (``reliability.md`` T6)."""

import os
import socket
import stat
import subprocess
from pathlib import Path

from car.eventlog.reading import read_journal
from tests.system.client import CallFailed, Client
from tests.system.daemon import START_SECONDS, DaemonTestCase, command, environment

ROUNDS = 20 if os.environ.get("CAR_SLOW") == "1" else 3
"""How often a daemon is killed and followed by another; twenty times in a nightly run."""

USAGE_STATUS = 2


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


class SecondDaemonTests(DaemonTestCase):
    """Who is the primary."""

    def test_second(self) -> None:
        """The loser keeps its token to itself, has a socket of its own, and harms nobody."""
        self.daemon.start()
        token, pid = self.daemon.token, self.daemon.pid_file.read_text()
        second = self.new_daemon()
        second.log = self.directory / "second.log"
        second.start()
        self.assertIn("another daemon is the primary", second.logged)
        self.assertEqual(self.daemon.token, token)
        self.assertEqual(self.daemon.pid_file.read_text(), pid)
        own = self.daemon.unix_socket.with_name(f"car-server-{second.port}.sock")
        self.assertEqual(mode(own), 0o600)
        stranger = Client(second.port)
        with self.assertRaises(CallFailed):
            stranger.authenticate(token)
        stranger.close()
        second.terminate()
        self.assertEqual(second.wait(), 0)
        self.assertFalse(own.exists())
        self.assertEqual(self.daemon.token, token)
        self.assertEqual(self.daemon.pid_file.read_text(), pid)
        self.assertTrue(self.daemon.unix_socket.exists())
        self.client()

    def test_after_a_kill(self) -> None:
        """Lock, pid file, socket and tokens of a killed daemon block nobody."""
        tokens = set()
        for _ in range(ROUNDS):
            self.daemon.start()
            self.assertNotIn("another daemon", self.daemon.logged)
            tokens.add(self.daemon.token)
            self.assertEqual(self.daemon.pid_file.read_text(), f"{self.daemon.process.pid}\n")
            over_socket = Client(self.daemon.unix_socket)
            over_socket.authenticate(self.daemon.token)
            over_socket.close()
            self.daemon.kill()
            self.assertTrue(self.daemon.unix_socket.exists())
            self.assertTrue(self.daemon.token_file.exists())
        self.assertEqual(len(tokens), ROUNDS)

    def test_unix_socket(self) -> None:
        """The Unix socket, open to this user only, serves what TCP serves."""
        self.daemon.start(umask=0)
        self.assertEqual(mode(self.daemon.unix_socket), 0o600)
        self.assertEqual(mode(self.daemon.unix_socket.parent), 0o700)
        client = Client(self.daemon.unix_socket)
        self.addCleanup(client.close)
        with self.assertRaises(CallFailed):
            client.authenticate("wrong")
        client.authenticate(self.daemon.token)
        client.register("work")
        client.tools["work"] = lambda parameters: parameters["n"]
        self.assertEqual([r["output"] for r in client.submit("p", "work", "work")], [1, 2])
        self.assertEqual(client.close_cleanly(), 1000)
        [path] = self.daemon.journals
        self.assertIn("record_finished", [x.event.kind for x in read_journal(path) if x.event])


class WrongStartTests(DaemonTestCase):
    """Starts that cannot be: exit status 2, and one line that says what would be right."""

    def refusal(self, *flags: str, **variables: str) -> str:
        """The line that a start with *flags* and *variables* ends with."""
        ended = subprocess.run(
            command("--port", "0", *flags),
            cwd=self.daemon.home,
            env={**environment(self.daemon.root, self.daemon.home), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        self.assertEqual(ended.returncode, USAGE_STATUS, ended.stderr)
        lines = ended.stderr.splitlines()
        self.assertEqual(len(lines), 1, ended.stderr)
        self.assertTrue(lines[0].startswith("car: "), lines[0])
        self.assertNotIn("Traceback", ended.stdout)
        return lines[0]

    def test_unknown_flag(self) -> None:
        """A flag that there is not."""
        self.assertIn("--prot", self.refusal("--prot", "1"))

    def test_wrong_value(self) -> None:
        """A value that is none of those there are."""
        self.assertIn("none, process, power", self.refusal("--durability", "paper"))

    def test_unknown_limit(self) -> None:
        """A limit with a slip of the pen."""
        self.assertIn("did you mean 'drain_timeout'?", self.refusal("--limit", "drain_timout=1"))

    def test_relative_root(self) -> None:
        """A state root that depends on where one stands."""
        self.assertIn("must be an absolute path", self.refusal(CAR_HOME="state"))

    def test_exposed(self) -> None:
        """A listener that other machines reach, without TLS."""
        self.assertIn("--insecure-expose", self.refusal("--listen", "tcp:0:interface=0.0.0.0"))

    def test_port_taken(self) -> None:
        """A port that somebody else has; nothing is left behind."""
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = taken.getsockname()[1]
        line = self.refusal("--listen", f"tcp:{port}:interface=127.0.0.1")
        self.assertIn(f"cannot listen on tcp:{port}", line)
        self.assertFalse(self.daemon.token_file.exists())
        self.assertFalse(self.daemon.pid_file.exists())
