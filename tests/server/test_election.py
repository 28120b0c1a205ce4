"""Tests of car.server.election; the holders that are killed are real processes."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import car
from car.places import Places, find_places
from car.server.election import Election, ElectionError, is_alive, remove_stale_socket

ROUNDS = 20
"""How often a holder is killed (``reliability.md`` T6)."""

HOLDER = """
import socket, sys, time
from pathlib import Path
from car.server.election import Election
from car.places import find_places
places = find_places({}, sys.platform, sys.argv[1])
election = Election(places, places.socket)
election.stand()
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(election.claim_socket(int(sys.argv[2]))))
listener.listen()
print(election.primary, flush=True)
time.sleep(60)
"""


class ElectionTestCase(SynchronousTestCase):
    """A state root with a path short enough for sockets."""

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="car"))
        self.addCleanup(shutil.rmtree, self.root)
        self.places: Places = find_places({}, sys.platform, str(self.root))
        assert self.places.socket is not None
        self.socket: Path = self.places.socket

    def election(self) -> Election:
        """A daemon about to stand; it is released at the end."""
        election = Election(self.places, self.socket)
        self.addCleanup(election.release)
        return election

    def listen(self, path: Path) -> socket.socket:
        """A live socket at *path*."""
        path.parent.mkdir(parents=True, exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(path))
        listener.listen()
        return listener

    def claimed(self, election: Election, port: int) -> Path:
        """The socket an election gives, which must be one."""
        path = election.claim_socket(port)
        assert path is not None
        return path


class StandTests(ElectionTestCase):
    """Who becomes the primary."""

    def test_alone(self) -> None:
        """The only daemon is the primary, has the shared socket, and says who it is."""
        election = self.election()
        self.assertTrue(election.stand())
        self.assertTrue(election.primary)
        self.assertEqual(election.claim_socket(9100), self.socket)
        self.assertEqual(self.places.pid.read_text(), f"{os.getpid()}\n")
        self.assertEqual(self.places.lock.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.places.run.stat().st_mode & 0o777, 0o700)

    def test_second(self) -> None:
        """A second one is not, and gets a socket of its own port."""
        self.election().stand()
        second = self.election()
        self.assertFalse(second.stand())
        self.assertEqual(second.claim_socket(9200), self.socket.with_name("car-server-9200.sock"))
        second.release()
        self.assertTrue(self.places.pid.exists())

    def test_live_socket(self) -> None:
        """A shared socket served from another root decides as well, and stays."""
        self.listen(self.socket)
        election = self.election()
        self.assertFalse(election.stand())
        self.claimed(election, 9200)
        self.assertTrue(is_alive(self.socket))
        other = Election(self.places, None)
        self.addCleanup(other.release)
        self.assertTrue(other.stand(), "the lock was given back")

    def test_release(self) -> None:
        """The next daemon is the primary once the first has let go, twice or once."""
        first = self.election()
        first.stand()
        first.release()
        first.release()
        self.assertFalse(first.primary)
        self.assertFalse(self.places.pid.exists())
        self.assertTrue(self.election().stand())

    def test_no_sockets(self) -> None:
        """Without Unix sockets the lock decides alone."""
        election = Election(self.places, None)
        self.addCleanup(election.release)
        self.assertTrue(election.stand())
        self.assertIsNone(election.claim_socket(9100))

    def test_leftovers(self) -> None:
        """Lock, pid and socket files of a dead daemon are no obstacle."""
        self.listen(self.socket).close()
        self.places.lock.write_text("stale")
        self.places.pid.write_text("1")
        election = self.election()
        self.assertTrue(election.stand())
        self.assertFalse(self.claimed(election, 9100).exists())

    def test_unusable_root(self) -> None:
        """A root that cannot be written is told with the remedy."""
        (self.root / "run").write_text("a file")
        problem = self.assertRaises(ElectionError, self.election().stand)
        self.assertEqual(
            str(problem),
            f"{self.places.lock} cannot be written: File exists; "
            "choose another state directory with --state-dir",
        )

    def test_unusable_pid(self) -> None:
        """When the pid file cannot be written the lock is given back."""
        self.places.pid.mkdir(parents=True)
        election = self.election()
        problem = self.assertRaises(ElectionError, election.stand)
        self.assertIn(f"{self.places.pid} cannot be written: Is a directory", str(problem))
        self.assertFalse(election.primary)

    def test_long_path(self) -> None:
        """A socket path that the system would cut is refused with the remedy."""
        path = self.root / ("x" * 90) / "car-server.sock"
        problem = self.assertRaises(ElectionError, Election, self.places, path)
        self.assertEqual(
            str(problem),
            f"the socket path {path} is too long for this system; "
            "choose a shorter one with --socket, or --socket none",
        )


class SocketTests(ElectionTestCase):
    """Making room for a socket."""

    def test_absent(self) -> None:
        """Where nothing is, nothing is done."""
        remove_stale_socket(self.root / "s")
        self.assertFalse(is_alive(self.root / "s"))

    def test_live(self) -> None:
        """A live socket is never removed."""
        path = self.root / "s"
        self.listen(path)
        problem = self.assertRaises(ElectionError, remove_stale_socket, path)
        self.assertEqual(
            str(problem), f"another daemon listens on {path}; choose another with --socket"
        )
        self.assertTrue(is_alive(path))

    def test_other_file(self) -> None:
        """What is not a socket is never removed."""
        path = self.root / "s"
        path.write_text("notes")
        problem = self.assertRaises(ElectionError, remove_stale_socket, path)
        self.assertEqual(
            str(problem), f"{path} is not a socket; remove it or choose another with --socket"
        )
        self.assertEqual(path.read_text(), "notes")

    def test_own_directory(self) -> None:
        """The socket's directory is made private, but one that was there is left as it is."""
        for mode, path in ((0o700, self.root / "new" / "s"), (0o755, self.root / "old" / "s")):
            if mode == 0o755:
                path.parent.mkdir(mode)
            election = Election(self.places, path)
            election.stand()
            election.claim_socket(9100)
            election.release()
            self.assertEqual(path.parent.stat().st_mode & 0o777, mode)

    def test_unusable(self) -> None:
        """A directory that cannot be made is told with the remedy."""
        (self.root / "file").write_text("")
        path = self.root / "file" / "s"
        election = Election(self.places, path)
        self.addCleanup(election.release)
        election.stand()
        problem = self.assertRaises(ElectionError, election.claim_socket, 9100)
        self.assertTrue(str(problem).startswith(f"the socket {path} cannot be made: "))
        self.assertTrue(str(problem).endswith("another place with --socket, or --socket none"))


class KilledHolderTests(ElectionTestCase):
    """Daemons in processes of their own, killed without warning."""

    def holder(self, port: int) -> subprocess.Popen[str]:
        """A process that stands, listens and waits; its first line says what it became."""
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(self.root), str(port)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(car.__file__).parent.parent,
        )
        self.addCleanup(self.kill, process)
        return process

    def became_primary(self, process: subprocess.Popen[str]) -> bool:
        """What the holder printed: whether it is the primary."""
        assert process.stdout is not None
        return process.stdout.readline() == "True\n"

    def kill(self, process: subprocess.Popen[str]) -> None:
        """End a holder at once, and wait until it has gone."""
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def test_killed(self) -> None:
        """Two on one root; the primary is killed, the next start is the primary at once."""
        first = self.holder(1)
        self.assertTrue(self.became_primary(first))
        second = self.holder(2)
        self.assertFalse(self.became_primary(second))
        self.kill(first)
        self.assertTrue(self.socket.exists())
        third = self.election()
        self.assertTrue(third.stand())
        self.assertFalse(self.claimed(third, 3).exists())
        self.assertTrue(is_alive(self.socket.with_name("car-server-2.sock")))

    def test_many_rounds(self) -> None:
        """Each of many holders killed in turn leaves the way free for the next."""
        for port in range(ROUNDS):
            holder = self.holder(port)
            self.assertTrue(self.became_primary(holder), f"round {port}")
            self.kill(holder)
