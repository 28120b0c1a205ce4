"""Tests of car.engine.basics.search and its patterns."""

import os
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.engine.basics import search
from car.engine.basics.files import MAX_FILE_BYTES
from car.engine.basics.patterns import Glob, line_expression
from car.engine.basics.root import ToolsRoot
from car.engine.errors import ToolError
from tests.engine.basics.worlds import RootTestCase


def never() -> bool:
    """Never given up."""
    return False


class FindTests(RootTestCase):
    """find_files."""

    def find(self, pattern: str, **options: Any) -> list[str]:
        """The files found, all of them."""
        answer = search.find_files(self.root, never, pattern, **options)
        self.assertFalse(answer["truncated"])
        found: list[str] = answer["files"]
        return found

    def test_names(self) -> None:
        """A pattern without a slash finds names at any depth, in order."""
        self.assertEqual(self.find("*.py"), ["src/one.py", "src/deep/two.py"])
        self.assertEqual(self.find("*"), ["a.txt", "src/one.py", "src/deep/two.py"])
        self.assertEqual(self.find("t?o.py"), ["src/deep/two.py"])
        self.assertEqual(self.find("none"), [])

    def test_paths(self) -> None:
        """One with a slash is held against the whole path."""
        self.assertEqual(self.find("src/*.py"), ["src/one.py"])
        self.assertEqual(self.find("./*.py"), [])
        self.assertEqual(self.find("src/**/*.py"), ["src/one.py", "src/deep/two.py"])
        self.assertEqual(self.find("**/deep/*"), ["src/deep/two.py"])
        self.assertEqual(self.find("src/**"), ["src/one.py", "src/deep/two.py"])

    def test_start(self) -> None:
        """With a path, the pattern starts there; the answer's paths start at the root."""
        self.assertEqual(self.find("deep/*.py", path="src"), ["src/deep/two.py"])
        self.assertEqual(self.find("*.py", path="src/deep"), ["src/deep/two.py"])

    def test_no_links(self) -> None:
        """Nothing behind a link is found, nor the link itself."""
        for pattern in ("secret.txt", "inner.txt", "link", "**/secret.txt", "inside/*"):
            self.assertEqual(self.find(pattern), [])

    def test_not_walked(self) -> None:
        """The stores of version control and names that are no text are passed over."""
        (self.path / ".git").mkdir()
        (self.path / ".git" / "config").write_text("")
        with open(os.fsencode(self.path) + b"/x\xff", "w"):
            pass
        self.assertEqual(self.find("config"), [])
        self.assertEqual(self.find("x*"), [])

    def test_bounds(self) -> None:
        """Results, entries and depth are bounded, and the answer says so."""
        answer = search.find_files(self.root, never, "*", max_results=2)
        self.assertEqual(answer, {"files": ["a.txt", "src/one.py"], "truncated": True})
        answer = search.find_files(self.root, never, "*", max_results=3)
        self.assertFalse(answer["truncated"])
        self.patch(search, "MAX_WALK_DEPTH", 1)
        answer = search.find_files(self.root, never, "*")
        self.assertEqual(answer, {"files": ["a.txt", "src/one.py"], "truncated": True})
        self.patch(search, "MAX_WALK_ENTRIES", 3)
        self.assertTrue(search.find_files(self.root, never, "*")["truncated"])

    def test_given_up(self) -> None:
        """A call that was given up ends soon."""
        answer = search.find_files(self.root, lambda: True, "*")
        self.assertEqual(answer, {"files": [], "truncated": True})

    def test_refused(self) -> None:
        """Wrong patterns and a start that is no directory."""
        for pattern in ("", "/", ".", "/etc/*", "../*", "src/../*", "[z-a]", "x" * 1001):
            problem = self.assertRaises(ToolError, search.find_files, self.root, never, pattern)
            self.assertIn("pattern: ", str(problem))
        for path, words in {
            "none": "does not exist",
            "a.txt": "is not a directory",
            "out": "is a symbolic link",
            "../outside": "has '..'",
        }.items():
            problem = self.assertRaises(ToolError, search.find_files, self.root, never, "*", path)
            self.assertIn(words, str(problem))


class GrepTests(RootTestCase):
    """grep_files."""

    def grep(self, pattern: str, **options: Any) -> list[tuple[str, int, str]]:
        """The matches, all of them."""
        answer = search.grep_files(self.root, never, pattern, **options)
        self.assertFalse(answer["truncated"])
        return [(match["path"], match["line"], match["text"]) for match in answer["matches"]]

    def test_lines(self) -> None:
        """Each line that matches is told once, in the order of files and lines."""
        self.assertEqual(
            self.grep("beta"), [("a.txt", 2, "beta"), ("src/deep/two.py", 2, "# beta")]
        )
        self.assertEqual(
            self.grep("a", path="a.txt"),
            [("a.txt", 1, "alpha"), ("a.txt", 2, "beta"), ("a.txt", 3, "gamma")],
        )
        self.assertEqual(
            self.grep("^import (os|sys)$", glob="t*.py"), [("src/deep/two.py", 1, "import sys")]
        )

    def test_where(self) -> None:
        """A path, a glob and the case narrow or widen the search."""
        self.assertEqual(self.grep("IMPORT"), [])
        self.assertEqual(len(self.grep("IMPORT", ignore_case=True)), 2)
        self.assertEqual(
            self.grep("import", path="src", glob="deep/*"), [("src/deep/two.py", 1, "import sys")]
        )

    def test_no_line_is_crossed(self) -> None:
        """Nothing matches the end of a line, so a match is within one."""
        self.assertEqual(self.grep("alpha\\s+beta"), [])
        self.assertEqual(self.grep("a[^x]*g"), [])

    def test_empty_matches(self) -> None:
        """A pattern that matches nothing at all matches every line, and only lines."""
        (self.path / "src" / "one.py").write_text("a\n\nb")
        expected = [("src/one.py", 1, "a"), ("src/one.py", 2, ""), ("src/one.py", 3, "b")]
        for pattern in ("x*", "$", "^", ""):
            self.assertEqual(self.grep(pattern, path="src/one.py"), expected)
        self.assertEqual(self.grep("^$", path="src/one.py"), [("src/one.py", 2, "")])
        self.assertEqual(len(self.grep("x*", path="a.txt")), 3)

    def test_passed_over(self) -> None:
        """Binary and oversize files are passed over, unless they were asked for by name."""
        (self.path / "nul").write_bytes(b"beta\0")
        (self.path / "latin").write_bytes(b"beta \xe9")
        (self.path / "big").write_bytes(b"beta\n" + b"x" * MAX_FILE_BYTES)
        self.assertEqual(len(self.grep("beta")), 2)
        for path in ("nul", "latin", "big"):
            problem = self.assertRaises(
                ToolError, search.grep_files, self.root, never, "beta", path
            )
            self.assertIn(f"'{path}' cannot be searched", str(problem))

    def test_text(self) -> None:
        """Characters are whole, long lines cut, carriage returns dropped."""
        (self.path / "src" / "one.py").write_bytes("née\r\n".encode() + b"n" + b"x" * 600)
        matches = self.grep("n", path="src/one.py")
        self.assertEqual(matches[0], ("src/one.py", 1, "née"))
        self.assertEqual(len(matches[1][2]), search.MAX_LINE_CHARS)

    def test_bounds(self) -> None:
        """Results and the text that is read are bounded, and the answer says so."""
        answer = search.grep_files(self.root, never, "a", max_results=2)
        self.assertEqual((len(answer["matches"]), answer["truncated"]), (2, True))
        self.patch(search, "MAX_SEARCHED_BYTES", 20)
        answer = search.grep_files(self.root, never, "import")
        self.assertEqual(answer, {"matches": [], "truncated": True})
        answer = search.grep_files(self.root, lambda: True, "alpha", "a.txt")
        self.assertEqual(answer, {"matches": [], "truncated": True})

    def test_refused(self) -> None:
        """What is no regular expression is told with the engine's reason."""
        for pattern, words in {
            "(a": "missing )",
            "a(?=b)": "(?=",
            "\\1": "invalid escape",
            "(a{1000}){1000}": "repetition",
            "x" * 1001: "longer than 1000 characters",
        }.items():
            problem = self.assertRaises(ToolError, search.grep_files, self.root, never, pattern)
            self.assertIn("pattern: ", str(problem))
            self.assertIn(words, str(problem))
        problem = self.assertRaises(
            ToolError, search.grep_files, self.root, never, "a", glob="../*"
        )
        self.assertIn("glob: ", str(problem))

    def test_linear(self) -> None:
        """An expression that would keep a backtracking engine for years ends at once."""
        (self.path / "a.txt").write_text("a" * 100_000 + "b")
        began = time.monotonic()
        self.assertEqual(self.grep("(a+)+$", path="a.txt"), [])
        self.assertLess(time.monotonic() - began, 5)

    def test_vanished(self) -> None:
        """A directory that cannot be read any more is passed over."""
        real = ToolsRoot.directory

        def directory(root: ToolsRoot, names: tuple[str, ...], **options: Any) -> Any:
            return real(root, ("none",) if names == ("src", "deep") else names, **options)

        self.patch(ToolsRoot, "directory", directory)
        self.assertEqual(len(self.grep("import")), 1)


class PatternTests(SynchronousTestCase):
    """Globs and expressions by themselves."""

    def test_sets(self) -> None:
        """Brackets stand for one character, as in a shell."""
        for pattern, good, bad in (
            ("[ab].c", "a.c", "c.c"),
            ("[!ab].c", "c.c", "a.c"),
            ("[a-c]x", "bx", "dx"),
            ("[]]x", "]x", "x"),
            ("[!]]x", "ax", "]x"),
            ("[x", "[x", "x"),
            ("[^a]", "^", "b"),
            ("a.c", "a.c", "abc"),
            ("é*", "éa", "e"),
            ("(a|b)+$", "(a|b)+$", "a"),
        ):
            glob = Glob(pattern, "pattern")
            self.assertTrue(glob.matches((good,)), pattern)
            self.assertFalse(glob.matches((bad,)), pattern)

    @given(st.text(max_size=20))
    def test_any_text(self, text: str) -> None:
        """Any text is a pattern or refused in a sentence."""
        try:
            Glob(text, "glob").matches(("a", "b"))
            line_expression(text, "pattern").search(b"abc")
        except ToolError as problem:
            self.assertTrue(str(problem))
