"""Tests of car.browser.profile."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.browser.profile import KIND, ProfileDirectory, sweep
from car.scratch import prefix


class ProfileTests(SynchronousTestCase):
    """ProfileDirectory and sweep: what is there, and what goes with it."""

    def setUp(self) -> None:
        self.parent = Path(self.mktemp()).absolute()
        self.parent.mkdir()
        self.patch(tempfile, "tempdir", str(self.parent))

    def user(self, root: Path) -> "subprocess.Popen[bytes]":
        """A process that is told on its command line that *root* has its data."""
        program = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        process = subprocess.Popen(
            [*program, f"--user-data-dir={root / 'data'}"], stdin=subprocess.PIPE
        )
        self.addCleanup(process.communicate)
        return process

    def test_directory(self) -> None:
        """It is ours alone, has its parts, and goes with all that is in it."""
        profile = ProfileDirectory()
        self.assertEqual(stat.S_IMODE(profile.root.stat().st_mode), 0o700)
        self.assertTrue(profile.root.name.startswith(f"{prefix(KIND)}{os.getpid()}-"))
        self.assertEqual(list(profile.downloads.iterdir()), [])
        (profile.data / "cookies").write_text("secret")
        process = self.user(profile.root)
        profile.remove()
        self.assertEqual(process.wait(), -9)
        self.assertEqual(list(self.parent.iterdir()), [])

    def test_own(self) -> None:
        """Our own directories stay, and whoever uses them."""
        profile = ProfileDirectory()
        process = self.user(profile.root)
        self.assertEqual(sweep(), [])
        self.assertTrue(profile.data.exists())
        self.assertIsNone(process.poll())
        profile.remove()

    def test_abandoned(self) -> None:
        """An abandoned directory goes, and who still uses it is killed."""
        root = self.parent / f"{prefix(KIND)}1-abc"
        root.mkdir()
        os.utime(root, (1_000_000_000, 1_000_000_000))
        process = self.user(root)
        self.assertEqual(sweep(), [root])
        self.assertEqual(process.wait(), -9)
        self.assertFalse(root.exists())
