"""BlobStore: content by digest."""

import os
import stat
from hashlib import sha256
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog import blobs as blobs_module
from car.eventlog import files
from car.eventlog.blobs import BlobStore
from car.eventlog.errors import BlobError, JournalError
from tests.eventlog.fakes import FailingWrites


class BlobStoreTests(SynchronousTestCase):
    """put, get, sync, restore."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.blobs = BlobStore(self.directory)

    def test_put_and_get(self) -> None:
        """Content is found under its SHA-256, and stored once."""
        digest = self.blobs.put(b'"owl"')
        self.assertEqual(digest, sha256(b'"owl"').hexdigest())
        self.assertEqual(self.blobs.put(b'"owl"'), digest)
        self.assertEqual(self.blobs.get(digest), b'"owl"')
        self.assertEqual([path.name for path in self.directory.iterdir()], [digest])

    def test_modes(self) -> None:
        """The directory is 0700 and its files 0600 whatever the umask says."""
        self.addCleanup(os.umask, os.umask(0))
        digest = self.blobs.put(b"1")
        modes = [stat.S_IMODE(p.stat().st_mode) for p in (self.directory, self.directory / digest)]
        self.assertEqual(modes, [0o700, 0o600])

    def test_failed_write(self) -> None:
        """A write that fails leaves nothing behind and names the file."""
        self.patch(os, "write", FailingWrites(1, short=True))
        problem = self.assertRaises(JournalError, self.blobs.put, b"123456")
        self.assertIn("cannot be written: Input/output error", str(problem))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_missing(self) -> None:
        """A side file that is not there is told by name."""
        digest = "0" * 64
        problem = self.assertRaises(BlobError, self.blobs.get, digest)
        self.assertEqual(
            str(problem), f"the side file {digest} cannot be read: No such file or directory"
        )

    def test_altered(self) -> None:
        """Content that does not fit its name is refused."""
        digest = self.blobs.put(b"1")
        (self.directory / digest).write_bytes(b"2")
        self.assertRaises(BlobError, self.blobs.get, digest)

    def test_names(self) -> None:
        """Only digests are names."""
        for name in ("../c-1.jsonl", "", "A" * 64, "0" * 63):
            self.assertRaises(BlobError, self.blobs.get, name)

    def test_sync(self) -> None:
        """A sync forces down what is new and the directory, once."""
        calls: list[str] = []
        self.patch(blobs_module, "force_down", lambda fd: calls.append("data"))
        self.patch(blobs_module, "force_down_directory", lambda path: calls.append("directory"))
        self.blobs.sync()
        self.blobs.put(b"1")
        self.blobs.put(b"2")
        self.blobs.sync()
        self.blobs.sync()
        self.assertEqual(calls, ["data", "data", "directory"])

    def test_failed_sync(self) -> None:
        """A sync that fails says so, and the next one tries all again."""
        self.blobs.put(b"1")
        force_down = files.force_down

        def fail(fd: int) -> None:
            self.patch(blobs_module, "force_down", force_down)
            raise OSError(5, "Input/output error")

        self.patch(blobs_module, "force_down", fail)
        self.assertRaises(JournalError, self.blobs.sync)
        synced: list[int] = []
        self.patch(blobs_module, "force_down", synced.append)
        self.blobs.sync()
        self.assertEqual(len(synced), 1)

    def test_restore_missing(self) -> None:
        """A reference to nothing is an error, not a value."""
        value = {"a": [{"$blob": {"bytes": 1, "sha256": "0" * 64}}]}
        self.assertRaises(BlobError, self.blobs.restore, value)

    def test_left_empty(self) -> None:
        """A file that a power loss left empty is written anew."""
        digest = self.blobs.put(b"1")
        (self.directory / digest).write_bytes(b"")
        self.blobs.put(b"1")
        self.assertEqual(self.blobs.get(digest), b"1")
