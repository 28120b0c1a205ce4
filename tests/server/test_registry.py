"""Tests of car.server.registry: the table of methods and the reading of params."""

from typing import Any

from msgspec import UNSET, Raw, Struct, json
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonLimitError, JsonSyntaxError, JsonValue
from car.server.errors import InvalidParams
from car.server.registry import Method, NoParams, load_methods, method


class Point(Struct, frozen=True):
    """Params of a method of the test's own."""

    x: int
    label: str | None = None
    size: float = 1.0
    extra: JsonValue = None


def draw(session: Any, params: Point) -> Any:
    """Draw a point."""
    return params


def clear(session: Any, params: NoParams) -> Any:
    """Clear."""
    return params


def rows(session: Any, params: list[int]) -> Any:
    """Take rows."""
    return params


class ReadTests(SynchronousTestCase):
    """Method.read"""

    def read(self, text: bytes | None, handler: Any = draw) -> Any:
        entry = Method("test", handler, host_only=False, open=False)
        return entry.read(UNSET if text is None else Raw(text))

    def test_object(self) -> None:
        """Members by name, defaults for the others, unknown ones ignored."""
        self.assertEqual(self.read(b'{"x":1,"z":[]}'), Point(1))
        self.assertEqual(self.read(b'{"size":2,"x":1}'), Point(1, size=2.0))

    def test_null(self) -> None:
        """A null member is an absent one, unless null is a value of it."""
        self.assertEqual(self.read(b'{"x":1,"label":null,"size":null,"extra":null}'), Point(1))
        refused = self.assertRaises(InvalidParams, self.read, b'{"x":null}')
        self.assertIn("x", str(refused))

    def test_empty(self) -> None:
        """Absent, null, {} and [] are one for a method without params."""
        for text in (None, b"null", b"{}", b"[]", b"[ ]", b"{ }", b'{"a":1}'):
            self.assertEqual(self.read(text, clear), NoParams())

    def test_absent(self) -> None:
        """Absent params of a method that needs some name what is missing."""
        for text in (None, b"null", b"{}", b"[]"):
            refused = self.assertRaises(InvalidParams, self.read, text)
            self.assertIn("x", str(refused))

    def test_list(self) -> None:
        """A method may take a list."""
        self.assertEqual(self.read(b"[1,2]", rows), [1, 2])
        self.assertEqual(self.read(b"[]", rows), [])
        self.assertRaises(InvalidParams, self.read, b"[null]", rows)

    def test_beyond_limits(self) -> None:
        """Numbers out of range are told as such, wherever they stand."""
        for text in (
            b'{"x":1,"extra":1e400}',
            b'{"x":1e400}',
            b'{"x":1,"extra":[%b]}' % (b"9" * 5000),
        ):
            self.assertRaises(JsonLimitError, self.read, text)
        self.assertRaises(JsonSyntaxError, self.read, b'{"x":1,"extra":"\\ud800"}')

    def test_sentence(self) -> None:
        """The sentence begins with the member's name."""
        refused = self.assertRaises(InvalidParams, self.read, b'{"x":"one"}')
        self.assertTrue(str(refused).startswith("x: expected `int`"))


class TableTests(SynchronousTestCase):
    """The table itself."""

    def test_loaded_once(self) -> None:
        """Loading again gives the same table."""
        self.assertIs(load_methods(), load_methods())
        self.assertGreater(len(load_methods()), 80)

    def test_two_handlers(self) -> None:
        """A name has one handler."""
        self.assertRaises(ValueError, method("state.get"), clear)

    def test_names(self) -> None:
        """Each entry stands under its own name."""
        for name, entry in load_methods().items():
            self.assertEqual(entry.name, name)

    def test_documented(self) -> None:
        """Each method has a docstring and params that a schema can be made of."""
        for entry in load_methods().values():
            self.assertTrue(entry.handler.__doc__, entry.name)
            self.assertIsInstance(json.schema(entry.params), dict)

    def test_open(self) -> None:
        """Nothing but session.auth is open before authentication."""
        self.assertEqual([n for n, e in load_methods().items() if e.open], ["session.auth"])
