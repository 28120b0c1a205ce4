"""Who gets in, and what lies about for others to read (``reliability.md`` T1 to T5, T18)."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from tests.system.client import Client, ConnectionEnded, connect, opening
from tests.system.daemon import (
    COMMAND,
    START_SECONDS,
    STOP_SECONDS,
    DaemonTestCase,
    environment,
    listens,
    wait_until,
)

FORBIDDEN = 403
SWITCHING = 101

FOREIGN_ORIGINS = (
    "null",
    "file://",
    "http://evil.example",
    "https://127.0.0.1.evil.example",
    "http://localhost.evil.example:{port}",
    "http://127.0.0.1:1",
    "https://localhost",
)
FOREIGN_HOSTS = ("evil.example", "127.0.0.1.evil.example:{port}", "10.0.0.1:{port}")


class OpeningTests(DaemonTestCase):
    """Opening requests as a browser may be made to send them."""

    def setUp(self) -> None:
        super().setUp()
        self.daemon.start()

    def status(self, *headers: str, host: str = "127.0.0.1:{port}") -> int:
        """The HTTP status that an opening request is answered with."""
        port = self.daemon.port
        filled = [header.format(port=port) for header in headers]
        visitor = connect(port)
        self.addCleanup(visitor.close)
        visitor.sendall(opening(*filled, host=host.format(port=port)))
        return int(visitor.recv(4096).split(b" ", 2)[1])

    def test_no_origin(self) -> None:
        """Who is no browser sends no Origin, and is let in."""
        for host in ("127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"):
            self.assertEqual(self.status(host=host), SWITCHING, host)

    def test_foreign_origin(self) -> None:
        """A web page is refused before the upgrade."""
        for origin in FOREIGN_ORIGINS:
            self.assertEqual(self.status(f"Origin: {origin}"), FORBIDDEN, origin)
        own = "Origin: http://127.0.0.1:{port}"
        self.assertEqual(self.status(own, "Origin: http://evil.example"), FORBIDDEN)

    def test_foreign_host(self) -> None:
        """A name that was bent to this machine is refused, whatever the Origin."""
        for host in FOREIGN_HOSTS:
            self.assertEqual(self.status(host=host), FORBIDDEN, host)
            self.assertEqual(self.status(f"Origin: http://{host}", host=host), FORBIDDEN, host)

    def test_unauthenticated(self) -> None:
        """Without the token nothing is answered but a refusal and a close with 4401."""
        client = Client(self.daemon.port)
        self.addCleanup(client.close)
        client.begin("state.keys")
        self.assertEqual(client.receive()["error"]["code"], -32001)
        with self.assertRaises(ConnectionEnded) as caught:
            client.receive()
        self.assertEqual(caught.exception.code, 4401)


class SecretsTests(DaemonTestCase):
    """Files and texts that others may see."""

    def test_modes(self) -> None:
        """Everything kept is for this user only, whatever the umask."""
        for umask, flags in ((0o000, ()), (0o022, ("--redact", "secret"))):
            daemon = self.new_daemon()
            daemon.start(*flags, umask=umask)
            client = daemon.client()
            client.call("state.set", {"key": "large", "value": "x" * 300_000})
            self.assertTrue((daemon.root / "journals" / "blobs").is_dir())
            self.assertOurs(daemon.root)
            client.close()
            daemon.kill()

    def test_forked(self) -> None:
        """The same for a daemon in the background, which is its own parent's child no more."""
        log, pid_file = self.directory / "forked.log", self.directory / "twistd.pid"
        options = [f"--logfile={log}", f"--pidfile={pid_file}", "--umask=0"]
        root = self.daemon.root
        subprocess.run(
            [sys.executable, "-c", COMMAND, *options, "car", "--port", "0"],
            env=environment(root, self.daemon.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_SECONDS,
            check=True,
        )
        self.assertTrue(wait_until(partial(listens, log), START_SECONDS))
        pid = int(pid_file.read_text())
        self.addCleanup(end, pid)
        self.assertEqual(self.daemon.pid_file.read_text(), f"{pid}\n")
        client = Client(self.daemon.unix_socket)
        client.authenticate(self.daemon.token)
        client.call("state.set", {"key": "k", "value": 1})
        self.assertOurs(root)
        client.close()
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(wait_until(lambda: not psutil.pid_exists(pid), STOP_SECONDS))
        self.assertFalse(self.daemon.token_file.exists())

    def assertOurs(self, root: Path) -> None:
        """Files and sockets below *root* are 0600, directories 0700, itself included."""
        for path in (root, *root.rglob("*")):
            status = path.stat()
            wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
            found = stat.S_IMODE(status.st_mode)
            self.assertEqual(oct(found), oct(wanted), str(path.relative_to(root)))

    def test_token_stays_hidden(self) -> None:
        """The tokens stand in their files and nowhere else."""
        self.daemon.start("--log-level", "debug")
        tokens = [self.daemon.token_file.read_text(), self.daemon.host_token_file.read_text()]
        self.assertEqual([len(token) for token in tokens], [43, 43])
        client = self.client()
        host = Client(self.daemon.port)
        self.addCleanup(host.close)
        host.call("session.auth", {"host_token": tokens[1]})
        for one in (client, host):
            one.call("state.set", {"key": "k", "value": 1})
            one.begin("session.auth", {"token": tokens[0][:-1] + "!"})
            self.assertIn("token mismatch", one.receive()["error"]["message"])
        process = Path("/proc", str(self.daemon.process.pid))
        places = [process / "cmdline", process / "environ", self.daemon.log]
        own = {self.daemon.token_file, self.daemon.host_token_file}
        places += [p for p in self.daemon.root.rglob("*") if p.is_file() and p not in own]
        self.assertGreater(len(places), 5)
        for path in places:
            content = path.read_bytes()
            for token in tokens:
                self.assertNotIn(token[:-1].encode(), content, str(path))


def end(pid: int) -> None:
    """Kill the process *pid* if it still runs."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
