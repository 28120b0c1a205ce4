"""Tests of car.scratch."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.scratch import ScratchDirectory, prefix, sweep

_FOREIGN = """
import sys, tempfile
from car.scratch import ScratchDirectory
tempfile.tempdir = sys.argv[1]
print(ScratchDirectory("test").root, flush=True)
sys.stdin.read()
"""
"""A daemon in a process of its own, which holds one directory."""


class ScratchTests(SynchronousTestCase):
    """ScratchDirectory and sweep: whose directories go, whose stay."""

    def setUp(self) -> None:
        self.parent = Path(self.mktemp()).absolute()
        self.parent.mkdir()
        self.patch(tempfile, "tempdir", str(self.parent))

    def foreign(self) -> "tuple[subprocess.Popen[str], Path]":
        """Another daemon and its directory."""
        command = [sys.executable, "-c", _FOREIGN, str(self.parent)]
        repository = Path(__file__).parents[1]
        daemon = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=repository
        )
        self.addCleanup(daemon.communicate)
        assert daemon.stdout is not None
        return daemon, Path(daemon.stdout.readline().strip())

    def test_directory(self) -> None:
        """It is ours alone, says whose it is, and goes with all that is in it."""
        directory = ScratchDirectory("test")
        self.assertEqual(stat.S_IMODE(directory.root.stat().st_mode), 0o700)
        self.assertTrue(directory.root.name.startswith(f"{prefix('test')}{os.getpid()}-"))
        (directory.root / "cookies").write_text("secret")
        descriptors = len(os.listdir("/proc/self/fd"))
        directory.remove()
        self.assertEqual(list(self.parent.iterdir()), [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), descriptors - 1)

    def test_own(self) -> None:
        """Our own directories stay."""
        directory = ScratchDirectory("test")
        self.assertEqual(sweep("test"), [])
        self.assertTrue(directory.root.exists())
        directory.remove()

    def test_other_daemon(self) -> None:
        """Those of another daemon stay while it lives, and go once it was killed."""
        daemon, root = self.foreign()
        self.assertEqual(sweep("test"), [])
        self.assertTrue(root.exists())
        daemon.kill()
        daemon.wait()
        self.assertEqual(sweep("other"), [])
        self.assertEqual(sweep("other", "test"), [root])
        self.assertEqual(list(self.parent.iterdir()), [])

    def test_unfinished(self) -> None:
        """A directory without a lock is being made: it goes only when it is old."""
        root = self.parent / f"{prefix('test')}1-abc"
        root.mkdir()
        self.assertEqual(sweep("test"), [])
        os.utime(root, (1_000_000_000, 1_000_000_000))
        self.assertEqual(sweep("test"), [root])

    def test_not_ours(self) -> None:
        """Other names, files and links are not looked into."""
        others = self.parent / "others"
        others.mkdir()
        (others / "lock").touch()
        (self.parent / f"{prefix('test')}1-file").touch()
        (self.parent / f"{prefix('test')}1-link").symlink_to(others)
        self.assertEqual(sweep("test"), [])
        self.assertTrue((others / "lock").exists())

    def test_written_to(self) -> None:
        """Removing is tried again while somebody still writes there, the lock coming last."""
        directory = ScratchDirectory("test")
        data = directory.root / "data"
        data.mkdir()
        rmtree, tries = shutil.rmtree, list[Path]()

        def busy(path: str, ignore_errors: bool) -> None:
            tries.append(Path(path))
            if len(tries) > 2:
                rmtree(path, ignore_errors=ignore_errors)

        self.patch(shutil, "rmtree", busy)
        directory.remove()
        self.assertEqual(tries, [data, directory.root] * 2)
        self.assertEqual(list(self.parent.iterdir()), [])
