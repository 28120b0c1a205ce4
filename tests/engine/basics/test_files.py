"""Tests of car.engine.basics.files."""

import os
from unittest import mock

from car.engine.basics.files import (
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    edit_file,
    list_dir,
    read_file,
    write_file,
)
from car.engine.errors import ToolError
from tests.engine.basics.worlds import RootTestCase


class ReadTests(RootTestCase):
    """read_file."""

    def test_text(self) -> None:
        """The text comes as it is, carriage returns and all."""
        (self.path / "a b.txt").write_bytes("é\r\n".encode())
        self.assertEqual(
            read_file(self.root, "./a b.txt"),
            {"path": "a b.txt", "content": "é\r\n", "size_bytes": 4},
        )

    def test_size(self) -> None:
        """512 KiB are read, one byte more is refused."""
        (self.path / "big").write_bytes(b"x" * MAX_FILE_BYTES)
        self.assertEqual(read_file(self.root, "big")["size_bytes"], MAX_FILE_BYTES)
        (self.path / "big").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
        problem = self.assertRaises(ToolError, read_file, self.root, "big")
        self.assertIn("'big' is larger than 512 KiB", str(problem))

    def test_not_text(self) -> None:
        """What is not UTF-8 is refused by name."""
        (self.path / "image").write_bytes(b"\x89PNG\xff")
        problem = self.assertRaises(ToolError, read_file, self.root, "image")
        self.assertEqual(str(problem), "'image' is not UTF-8 text (byte 0)")

    def test_refused(self) -> None:
        """What cannot be read is told by its relative path."""
        for path, words in {
            "none.txt": "'none.txt' does not exist",
            "src": "'src' is a directory",
            "src/none/x": "'src/none' does not exist",
            "a.txt/x": "'a.txt' is not a directory",
            "link": "'link' is a symbolic link",
            "out/secret.txt": "'out' is a symbolic link",
        }.items():
            problem = self.assertRaises(ToolError, read_file, self.root, path)
            self.assertIn(words, str(problem))


class WriteTests(RootTestCase):
    """write_file."""

    def test_new(self) -> None:
        """A new file is made; nothing else is left behind."""
        self.assertEqual(
            write_file(self.root, "src/new.txt", "é\n"),
            {"path": "src/new.txt", "size_bytes": 3, "created": True},
        )
        self.assertEqual((self.path / "src" / "new.txt").read_text(), "é\n")
        self.assertEqual(sorted(os.listdir(self.path / "src")), ["deep", "new.txt", "one.py"])

    def test_replaced(self) -> None:
        """A file is replaced whole, keeps its permissions, and readers keep the old one."""
        os.chmod(self.path / "a.txt", 0o750)
        with open(self.path / "a.txt") as reader:
            answer = write_file(self.root, "a.txt", "new")
            self.assertEqual(reader.read(), "alpha\nbeta\ngamma\n")
        self.assertEqual(answer["created"], False)
        self.assertEqual((self.path / "a.txt").read_text(), "new")
        self.assertEqual((self.path / "a.txt").stat().st_mode & 0o777, 0o750)

    def test_parents(self) -> None:
        """Directories that are missing are made only when asked for."""
        problem = self.assertRaises(ToolError, write_file, self.root, "x/y/z.txt", "")
        self.assertIn("'x' does not exist", str(problem))
        write_file(self.root, "x/y/z.txt", "", create_parents=True)
        self.assertEqual((self.path / "x" / "y" / "z.txt").read_text(), "")

    def test_refused(self) -> None:
        """Directories, links and read-only files are not replaced."""
        os.chmod(self.path / "a.txt", 0o444)
        for path, words in {
            "src": "'src' is not a regular file",
            "link": "'link' is not a regular file",
            "a.txt": "'a.txt' is read-only",
            ".": "'.' is a directory",
            "x" * 256: "longer than 255 bytes",
        }.items():
            problem = self.assertRaises(ToolError, write_file, self.root, path, "new")
            self.assertIn(words, str(problem))
        problem = self.assertRaises(ToolError, write_file, self.root, "b.txt", "\ud800")
        self.assertIn("content: not text", str(problem))

    def test_failure(self) -> None:
        """A write that fails half-way leaves the old file and nothing beside it."""
        before = sorted(os.listdir(self.path))
        with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")):
            problem = self.assertRaises(ToolError, write_file, self.root, "a.txt", "new")
        self.assertEqual(str(problem), "'a.txt' cannot be written: the disk is full")
        with mock.patch("os.replace", side_effect=OSError(5, "Input/output error")):
            problem = self.assertRaises(ToolError, write_file, self.root, "a.txt", "new")
        self.assertEqual(str(problem), "'a.txt' failed: input/output error")
        self.assertEqual((self.path / "a.txt").read_text(), "alpha\nbeta\ngamma\n")
        self.assertEqual(sorted(os.listdir(self.path)), before)


class EditTests(RootTestCase):
    """edit_file."""

    def test_once(self) -> None:
        """A text that occurs once is replaced; the answer says on which line it began."""
        self.assertEqual(
            edit_file(self.root, "a.txt", "beta\nga", "BETA\nGA"),
            {"path": "a.txt", "size_bytes": 17, "line": 2},
        )
        self.assertEqual((self.path / "a.txt").read_text(), "alpha\nBETA\nGAmma\n")

    def test_count(self) -> None:
        """A text that occurs not at all or several times is refused with the count."""
        for old, count in {"delta": 0, "a\n": 3, "mm": 1}.items():
            if count != 1:
                problem = self.assertRaises(ToolError, edit_file, self.root, "a.txt", old, "x")
                self.assertIn(f"occurs {count} times in 'a.txt'", str(problem))
        (self.path / "aaa").write_text("aaa")
        problem = self.assertRaises(ToolError, edit_file, self.root, "aaa", "aa", "x")
        self.assertIn("occurs 2 times", str(problem))
        self.assertEqual((self.path / "aaa").read_text(), "aaa")

    def test_refused(self) -> None:
        """An empty text, a file that is none, and one that would grow too large."""
        for path, old, new, words in (
            ("a.txt", "", "x", "old_text: empty"),
            ("none", "a", "b", "'none' does not exist"),
            ("src", "a", "b", "'src' is a directory"),
            ("link", "a", "b", "'link' is a symbolic link"),
            ("a.txt", "alpha", "x" * MAX_FILE_BYTES, "would be larger than 512 KiB"),
            ("a.txt", "alpha", "\udfff", "new_text: not text"),
        ):
            problem = self.assertRaises(ToolError, edit_file, self.root, path, old, new)
            self.assertIn(words, str(problem))

    def test_changed_meanwhile(self) -> None:
        """A file that somebody else changes during the edit is left as they wrote it."""
        real = os.stat

        def changing(*arguments: object, **options: object) -> object:
            (self.path / "a.txt").write_text("alpha, by somebody else")
            return real(*arguments, **options)  # type: ignore[arg-type]

        with mock.patch("os.stat", changing):
            problem = self.assertRaises(ToolError, edit_file, self.root, "a.txt", "alpha", "x")
        self.assertIn("was changed by somebody else", str(problem))
        self.assertEqual((self.path / "a.txt").read_text(), "alpha, by somebody else")


class ListTests(RootTestCase):
    """list_dir."""

    def test_entries(self) -> None:
        """Entries are sorted and typed; links are told as links."""
        os.mkfifo(self.path / "pipe")
        self.assertEqual(
            list_dir(self.root, "."),
            {
                "path": ".",
                "entries": [
                    {"name": "a.txt", "type": "file", "size_bytes": 17},
                    {"name": "inside", "type": "symlink"},
                    {"name": "link", "type": "symlink"},
                    {"name": "loop", "type": "symlink"},
                    {"name": "out", "type": "symlink"},
                    {"name": "pipe", "type": "other"},
                    {"name": "src", "type": "directory"},
                    {"name": "up", "type": "symlink"},
                ],
                "truncated": False,
            },
        )
        self.assertEqual(list_dir(self.root, "src/deep/")["path"], "src/deep")

    def test_names_that_are_no_text(self) -> None:
        """A name that is not UTF-8 is shown with a replacement mark."""
        with open(os.fsencode(self.path / "src" / "deep") + b"/x\xff", "w"):
            pass
        names = [entry["name"] for entry in list_dir(self.root, "src/deep")["entries"]]
        self.assertEqual(names, ["two.py", "x\ufffd"])

    def test_many(self) -> None:
        """A directory with too many entries is told in part, and said to be."""
        many = self.path / "many"
        many.mkdir()
        for number in range(MAX_ENTRIES):
            os.symlink("x", many / str(number))
        self.assertFalse(list_dir(self.root, "many")["truncated"])
        os.symlink("x", many / "last")
        answer = list_dir(self.root, "many")
        self.assertEqual((answer["truncated"], len(answer["entries"])), (True, MAX_ENTRIES))

    def test_refused(self) -> None:
        """What is no directory is told as such."""
        for path, words in {
            "a.txt": "'a.txt' is not a directory",
            "out": "'out' is a symbolic link",
            "none": "'none' does not exist",
        }.items():
            self.assertIn(words, str(self.assertRaises(ToolError, list_dir, self.root, path)))
