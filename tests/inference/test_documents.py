"""Tests of JSON files under the state root."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.inference.documents import read_document, write_document


class DocumentTests(SynchronousTestCase):
    """read_document and write_document: whole files, broken files, numbers."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "models" / "x.json"

    def test_round_trip(self) -> None:
        """What was written is read, from a file of the user's own with nothing beside it."""
        self.assertIsNone(read_document(self.path, list[str]))
        for names in (["a", "b"], ["c"]):
            write_document(self.path, names)
            self.assertEqual(read_document(self.path, list[str]), names)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.path.parent), ["x.json"])

    def test_form(self) -> None:
        """Indented by two, whole numbers without a fraction, as official clients need them."""
        write_document(self.path, {"size_mb": 12.0, "quality": 0.5, "rows": [{"n": 3.0}]})
        text = self.path.read_text("utf-8")
        self.assertIn('\n  "size_mb": 12,\n', text)
        self.assertIn('"n": 3\n', text)
        self.assertIn('"quality": 0.5', text)

    def test_broken(self) -> None:
        """A file that is no JSON, or not of its kind, is moved aside and counts as none."""
        self.path.parent.mkdir(parents=True)
        for text in (b"[1, 2", b"\xff", b'{"a": 1}', b"", b"[" * 5000):
            self.path.write_bytes(text)
            self.assertIsNone(read_document(self.path, list[str]))
            self.assertEqual(os.listdir(self.path.parent), ["x.json.broken"])
            self.assertEqual((self.path.parent / "x.json.broken").read_bytes(), text)

    def test_failure(self) -> None:
        """A write that fails leaves the file as it was, and nothing beside it."""
        write_document(self.path, ["old"])

        def refuse(*paths: object) -> None:
            raise OSError(28, "No space left on device")

        self.patch(os, "replace", refuse)
        self.assertRaises(OSError, write_document, self.path, ["new"])
        self.assertEqual(read_document(self.path, list[str]), ["old"])
        self.assertEqual(os.listdir(self.path.parent), ["x.json"])
