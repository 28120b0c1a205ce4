"""Tests of car.eventlog.files: replacing a file."""

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.files import replace_whole
from tests.eventlog.fakes import FailingWrites


class ReplaceWholeTests(SynchronousTestCase):
    """replace_whole: modes, what stays after a failure."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).absolute() / "deep" / "x.json"

    def test_modes(self) -> None:
        """Directories that lack are made 0700, the file 0600, whatever the umask says."""
        self.addCleanup(os.umask, os.umask(0))
        for umask in (0o000, 0o022, 0o777):
            os.umask(umask)
            path = self.path.parent / str(umask) / "x.json"
            replace_whole(path, b"owl")
            self.assertEqual(path.read_bytes(), b"owl")
            places = (path, path.parent, self.path.parent, self.path.parent.parent)
            modes = [stat.S_IMODE(place.stat().st_mode) for place in places]
            self.assertEqual(modes, [0o600, 0o700, 0o700, 0o700], oct(umask))

    def test_replaced(self) -> None:
        """What was there goes, and the mode of its directory stays."""
        self.path.parent.mkdir(parents=True, mode=0o755)
        for content in (b"old", b"new"):
            replace_whole(self.path, content)
        self.assertEqual(self.path.read_bytes(), b"new")
        self.assertEqual(os.listdir(self.path.parent), ["x.json"])
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o755)

    def test_failure(self) -> None:
        """A write that fails midway leaves the file as it was, and nothing beside it."""
        replace_whole(self.path, b"old")
        self.patch(os, "write", FailingWrites(1, short=True))
        self.assertRaises(OSError, replace_whole, self.path, b"new")
        self.assertEqual(self.path.read_bytes(), b"old")
        self.assertEqual(os.listdir(self.path.parent), ["x.json"])

    def test_link(self) -> None:
        """A link is replaced, not followed."""
        self.path.parent.mkdir(parents=True)
        target = self.path.with_name("target")
        target.write_bytes(b"kept")
        self.path.symlink_to(target)
        replace_whole(self.path, b"new")
        self.assertEqual((target.read_bytes(), self.path.is_symlink()), (b"kept", False))
