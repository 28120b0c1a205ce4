"""Tests of car.inference.keys: where a key is looked for, and how the file is read."""

import os
from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.inference.interfaces import IKeySource
from car.inference.keys import MOST_FILE_BYTES, EnvFile, KeySource, parse_env

VALUE = "sesame-7Q"

NAMES = ("A_KEY", "B_KEY", "C_KEY", "D_KEY")


class KeySourceTests(SynchronousTestCase):
    """KeySource"""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.asked: list[str] = []

    def secret(self, name: str) -> "Deferred[str | None]":
        """A secret store that has C_KEY."""
        self.asked.append(name)
        return succeed("from the store" if name == "C_KEY" else None)

    def test_order(self) -> None:
        """The environment wins over the file, the file over the store, which is asked last."""
        self.path.write_text("A_KEY=file\nB_KEY=file\n")
        source = KeySource({"A_KEY": "environment", "B_KEY": ""}, self.path, self.secret)
        self.assertTrue(verifyObject(IKeySource, source))
        self.assertEqual(
            self.successResultOf(source.keys(NAMES)),
            [("A_KEY", "environment"), ("B_KEY", "file"), ("C_KEY", "from the store")],
        )
        self.assertEqual(self.asked, ["C_KEY", "D_KEY"])

    def test_alone(self) -> None:
        """Without a file and a store there is the environment."""
        source = KeySource({"A_KEY": "a"})
        self.assertEqual(self.successResultOf(source.keys(NAMES)), [("A_KEY", "a")])
        self.assertEqual(self.successResultOf(source.keys([])), [])

    def test_changes(self) -> None:
        """What changes in the environment or the file counts at the next question."""
        environ = {"A_KEY": "a"}
        source = KeySource(environ, self.path)
        environ["A_KEY"] = "b"
        self.path.write_text("B_KEY=1")
        found = self.successResultOf(source.keys(NAMES))
        self.assertEqual(found, [("A_KEY", "b"), ("B_KEY", "1")])

    def test_waiting(self) -> None:
        """A store that takes its time is waited for."""
        answer: Deferred[str | None] = Deferred()
        asked = KeySource({}, None, lambda name: answer).keys(["A_KEY"])
        self.assertNoResult(asked)
        answer.callback("a")
        self.assertEqual(self.successResultOf(asked), [("A_KEY", "a")])

    def test_text_form(self) -> None:
        """No text form of it shows a key of the file."""
        self.path.write_text(f"A_KEY={VALUE}")
        source = KeySource({}, self.path)
        self.successResultOf(source.keys(NAMES))
        self.assertNotIn(VALUE, repr(source) + str(vars(source)))


class EnvFileTests(SynchronousTestCase):
    """EnvFile: what is read, when, and what is said about it."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.file = EnvFile(self.path)

    def write(self, text: str, at: int, mode: int = 0o600) -> None:
        """Write the file, as if it had changed at *at*."""
        self.path.write_text(text)
        self.path.chmod(mode)
        os.utime(self.path, (at, at))

    def test_reread(self) -> None:
        """It is read again when it has changed, and forgotten when it has gone."""
        self.assertEqual(self.file.values(), {})
        self.write("A=1", 100)
        first = self.file.values()
        self.assertEqual(first, {"A": "1"})
        self.assertIs(self.file.values(), first)
        self.write("A=2", 101)
        self.assertEqual(self.file.values(), {"A": "2"})
        self.path.unlink()
        self.assertEqual(self.file.values(), {})
        self.write("A=2", 101)
        self.assertEqual(self.file.values(), {"A": "2"})

    def test_said(self) -> None:
        """Loose modes, wrong lines and a file that is too long are logged, without content."""
        with capturedLogs() as events:
            self.write(f'A="{VALUE}\n{VALUE}\nB=1', 100, 0o644)
            self.assertEqual(self.file.values(), {"B": "1"})
            self.file.values()
            self.write(f"A={VALUE}" * MOST_FILE_BYTES, 101)
            self.assertEqual(self.file.values(), {})
        self.assertEqual(len(events), 4)
        self.assertEqual([event.get("number") for event in events], [None, 1, 2, None])
        self.assertNotIn(VALUE, str(events))

    def test_unreadable(self) -> None:
        """What cannot be read leaves the values as they were, and is logged once."""
        self.write("A=1", 100)
        self.file.values()
        self.path.write_bytes(b"A=\xff")
        with capturedLogs() as events:
            for _ in range(3):
                self.assertEqual(self.file.values(), {"A": "1"})
        self.assertEqual(len(events), 1)

    def test_lines(self) -> None:
        """Assignments as shells and dotenv files have them."""
        text = """\ufeff# keys
        export A=1
        B = two words # not this
        C=a#b
        D='single "x" # $y'  # said
        E="double \\"q\\" \\\\ \\n"
        F=
        G=# nothing
        H=x=y
        """
        expected = {
            "A": "1",
            "B": "two words",
            "C": "a#b",
            "D": 'single "x" # $y',
            "E": 'double "q" \\ \\n',
            "F": "",
            "G": "",
            "H": "x=y",
        }
        self.assertEqual(parse_env(text), (expected, []))
        wrong = "1A=1\nA\nA'=1\nB='x\nC='x' y\nD=\"x\\\"\n=x"
        self.assertEqual(parse_env(wrong), ({}, [1, 2, 3, 4, 5, 6, 7]))
        self.assertEqual(parse_env("A=1\r\nA=2\r\n"), ({"A": "2"}, []))
