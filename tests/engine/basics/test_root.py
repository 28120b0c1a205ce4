"""Tests of car.engine.basics.root: no path leads out of the tools root (T16)."""

import os
import threading
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.engine.basics.files import edit_file, list_dir, read_file, write_file
from car.engine.basics.root import ToolsRoot, file_names_of, names_of, shown
from car.engine.basics.search import find_files, grep_files
from car.engine.errors import ToolError
from car.ir.json import JsonObject, encode
from tests.engine.basics.worlds import SECRET, RootTestCase

TARGETS = ("secret.txt", "sub/inner.txt", "sub", "")

ESCAPES = [
    *(f"{way}/{target}" for way in ("..", "../outside", "up/outside") for target in TARGETS),
    *(
        f"{way}/{target}"
        for way in ("out", "./out", "out/.", "out/", "src/../out")
        for target in TARGETS
    ),
    "/etc/passwd",
    "//etc/passwd",
    "///",
    "/",
    "~",
    "~/x",
    "~root/x",
    "link",
    "./link",
    "link/",
    "link/.",
    "loop",
    "loop/x",
    "up",
    "up/",
    "up/root/a.txt",
    "inside/one.py",
    "inside",
    "..",
    "../",
    "./..",
    "../root/a.txt",
    "src/..",
    "src/../../outside/secret.txt",
    "src/deep/../../../outside/secret.txt",
    "a.txt/../../outside/secret.txt",
    "a.txt/x",
    "src/./../..",
    "%2e%2e/outside/secret.txt",
    "..%2foutside%2fsecret.txt",
    "%2e%2e%2foutside",
    "%252e%252e/outside",
    "..%c0%af..%c0%afetc/passwd",
    "..\\outside\\secret.txt",
    "\\..\\outside",
    "C:\\Windows",
    "C:/Windows",
    "file:///etc/passwd",
    "\0",
    "link\0.txt",
    "../outside/secret.txt\0.txt",
    "a.txt\0",
    "",
    " ",
    " ../outside/secret.txt",
    "..\n/outside/secret.txt",
    "...",
    "..../outside",
    "．．/outside/secret.txt",
    "‥/outside/secret.txt",
    "\u202e../outside",
    "..;/outside/secret.txt",
    "LINK",
    "Out/secret.txt",
    "OUT/secret.txt",
    "x" * 256,
    "é" * 128,
    "a/" * 3000,
    "\ud800",
    "nul",
    "-rf",
    "*",
    "src/*",
    "$HOME",
    "`id`",
]
"""Names that were meant to get out, or to confuse."""


def never() -> bool:
    """Never given up."""
    return False


def calls(root: ToolsRoot, path: str) -> list[Callable[[], JsonObject]]:
    """Every tool that takes a path, about to be called with it."""
    return [
        lambda: read_file(root, path),
        lambda: list_dir(root, path),
        lambda: find_files(root, never, "*", path),
        lambda: grep_files(root, never, "secret", path),
        lambda: edit_file(root, path, "secret", "leaked"),
        lambda: write_file(root, path, "written"),
        lambda: write_file(root, path, "written", create_parents=True),
    ]


class EscapeTests(RootTestCase):
    """No tool reads, lists or changes anything outside."""

    def assertHeld(self, path: str) -> None:
        """No tool gets out by *path*: what it answers or says holds nothing of the outside."""
        before = self.world_outside()
        for call in calls(self.root, path):
            try:
                answer = encode(call()).decode()
            except ToolError as problem:
                answer = str(problem)
            # What was asked for may be told back, what is outside may not.
            self.assertNotIn(SECRET, answer)
            self.assertNotIn("inner.txt", answer.replace(path, ""))
            self.assertNotIn(str(self.outside), answer.replace(path, ""))
        self.assertEqual(self.world_outside(), before)
        self.assertEqual((self.outside.parent / "outside").is_dir(), True)
        self.assertEqual(sorted(os.listdir(self.outside.parent)), ["outside", "root"])

    def test_names(self) -> None:
        """Every name of the hand-made list stays inside."""
        self.assertGreater(len(set(ESCAPES)), 60)
        for path in ESCAPES:
            self.assertHeld(path)

    def test_absolute(self) -> None:
        """The absolute path of a file is refused, also of one inside the root."""
        for path in (self.outside / "secret.txt", self.path / "a.txt"):
            self.assertHeld(str(path))
            self.assertRaises(ToolError, read_file, self.root, str(path))

    def test_any_text(self) -> None:
        """No text at all gets out."""
        parts = st.sampled_from(
            ["..", ".", "", "out", "up", "link", "inside", "src", "deep", "outside", "secret.txt"]
        ) | st.text(max_size=3)

        @settings(max_examples=60, deadline=None)
        @given(st.lists(parts, max_size=6).map("/".join))
        def stays(path: str) -> None:
            self.assertHeld(path)

        stays()

    def test_links_are_kept(self) -> None:
        """A link is neither read nor written through nor replaced."""
        for path in ("link", "out", "loop", "inside"):
            for call in calls(self.root, path):
                self.assertRaises(ToolError, call)
            self.assertTrue((self.path / path).is_symlink())

    def test_link_swapped_in(self) -> None:
        """A directory that turns into a link while it is used never leads out."""
        shuttle, stopped = self.path / "shuttle", threading.Event()
        (self.path / "real").mkdir()
        (self.path / "real" / "secret.txt").write_text("harmless")
        (self.path / "alias").symlink_to(self.outside)

        def swap() -> None:
            while not stopped.is_set():
                for name in ("real", "alias"):
                    os.rename(self.path / name, shuttle)
                    os.rename(shuttle, self.path / name)

        before = self.world_outside()
        thread = threading.Thread(target=swap)
        thread.start()
        try:
            for _ in range(300):
                for call in calls(self.root, "shuttle/secret.txt")[:6]:
                    self.assertNotIn(SECRET, _answer(call))
                for call in calls(self.root, "shuttle")[:4]:
                    self.assertNotIn("inner.txt", _answer(call))
        finally:
            stopped.set()
            thread.join()
        self.assertEqual(self.world_outside(), before)


def _answer(call: Callable[[], Any]) -> str:
    try:
        return str(call())
    except ToolError as problem:
        return str(problem)


class NamesTests(SynchronousTestCase):
    """How a path is taken apart."""

    def test_names(self) -> None:
        """Dots and doubled slashes fall away, nothing is decoded."""
        self.assertEqual(names_of("a/b.txt"), ("a", "b.txt"))
        self.assertEqual(names_of("./a//b/./"), ("a", "b"))
        self.assertEqual(names_of("%2e%2e/..."), ("%2e%2e", "..."))
        self.assertEqual(names_of("."), ())
        self.assertEqual(shown(()), ".")
        self.assertEqual(shown(("a", "b")), "a/b")

    def test_refused(self) -> None:
        """Each refusal says what is wrong, and names the parameter."""
        for path, words in {
            "": "path: empty",
            "a\0b": "path: a NUL",
            "/a": "'/a' is absolute",
            "a/../b": "has '..'",
            "é" * 128: "a name in it is longer than 255 bytes",
            "a/" * 2049: "longer than 4096 bytes",
            "\udc80": "UTF-8",
        }.items():
            problem = self.assertRaises(ToolError, names_of, path)
            self.assertIn(words, str(problem))
        self.assertIn("is a directory", str(self.assertRaises(ToolError, file_names_of, ".")))


class RootTests(RootTestCase):
    """The root itself, and descriptors."""

    def test_root_is_a_link(self) -> None:
        """The operator may name the root by a link."""
        self.assertEqual(read_file(ToolsRoot(self.path / "inside"), "one.py")["size_bytes"], 10)

    def test_root_is_missing(self) -> None:
        """A root that is not there is told without its path."""
        problem = self.assertRaises(ToolError, list_dir, ToolsRoot(self.path / "none"), ".")
        self.assertEqual(str(problem), "the tools root cannot be opened: no such file or directory")

    def test_platform(self) -> None:
        """Where there is no openat, the file tools say so."""
        self.patch(os, "supports_dir_fd", set())
        problem = self.assertRaises(ToolError, list_dir, self.root, ".")
        self.assertIn("openat", str(problem))

    def test_descriptors(self) -> None:
        """Whatever happens, every descriptor is closed."""
        before = len(os.listdir("/dev/fd"))
        for path in ("a.txt", "src/deep", "src/none/x", "link", "out/x", "."):
            for call in calls(self.root, path):
                _answer(call)
        self.assertEqual(len(os.listdir("/dev/fd")), before)

    def test_special_file(self) -> None:
        """A pipe is refused at once, without anybody at its other end."""
        os.mkfifo(self.path / "pipe")
        for call in calls(self.root, "pipe"):
            self.assertIn("pipe", str(self.assertRaises(ToolError, call)))
