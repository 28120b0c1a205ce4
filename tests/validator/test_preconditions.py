"""Tests of car.validator.preconditions."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonValue
from car.ir.proposal import Precondition
from car.state.reader import ValuesReader
from car.validator.preconditions import failure

STATE = ValuesReader(
    {"n": 7, "f": 7.0, "s": "42", "b": False, "null": None, "l": ["x", 3, True, [1]], "o": {"a": 1}}
)


class PreconditionTests(SynchronousTestCase):
    """failure: the operators of engine.md §1."""

    def holds(self, key: str, operator: str, value: JsonValue = None) -> bool:
        """Whether the precondition holds; one that fails says which."""
        sentence = failure(Precondition(key=key, operator=operator, value=value), STATE)
        if sentence is not None:
            for part in ("precondition", key, operator):
                self.assertIn(part, sentence)
        return sentence is None

    def test_presence(self) -> None:
        """A null is present; an absent key fails everything but not_exists."""
        self.assertTrue(self.holds("null", "exists"))
        self.assertFalse(self.holds("null", "not_exists"))
        self.assertTrue(self.holds("absent", "not_exists"))
        for operator in ("eq", "neq", "lt", "exists", "contains"):
            self.assertFalse(self.holds("absent", operator))

    def test_equality_is_typed(self) -> None:
        """7, 7.0 and "7" are three values; the order of keys means nothing."""
        self.assertTrue(self.holds("n", "eq", 7))
        self.assertFalse(self.holds("n", "eq", 7.0))
        self.assertTrue(self.holds("n", "neq", "7"))
        self.assertFalse(self.holds("b", "eq", 0))
        self.assertTrue(self.holds("o", "eq", {"a": 1}))

    def test_order(self) -> None:
        """Numbers are compared exactly, everything else is false."""
        self.assertTrue(self.holds("n", "gt", 6.5))
        self.assertFalse(self.holds("n", "gt", 7.0))
        self.assertTrue(self.holds("n", "gte", 7.0))
        self.assertTrue(self.holds("f", "lte", 7))
        self.assertFalse(self.holds("f", "lt", 7))
        for key, value in (("s", 1), ("b", -1), ("null", -1), ("l", 0), ("n", "1"), ("n", True)):
            self.assertFalse(self.holds(key, "gt", value))

    def test_big_integers(self) -> None:
        """Integers beyond binary64 do not tie."""
        state = ValuesReader({"big": 2**53 + 1})
        self.assertIsNone(failure(Precondition(key="big", operator="gt", value=2**53), state))

    def test_contains(self) -> None:
        """A list has the element, text the part; other values are taken as text."""
        held: list[tuple[str, JsonValue]] = [
            *(("l", value) for value in ("x", 3, "3", [1], True, "true")),
            *(("s", value) for value in ("4", "", 4)),
            *(("n", value) for value in ("7", 7)),
            ("b", "als"),
            ("o", '"a"'),
        ]
        for key, value in held:
            self.assertTrue(self.holds(key, "contains", value), (key, value))
        others: list[tuple[str, JsonValue]] = [
            *(("l", value) for value in ("X", 3.0, 1, None, "[1]")),
            ("s", "5"),
            ("n", "8"),
        ]
        for key, value in others:
            self.assertFalse(self.holds(key, "contains", value), (key, value))

    def test_unknown_operator(self) -> None:
        """An unknown operator fails, also where the key is absent."""
        self.assertFalse(self.holds("n", "EQ", 7))
        self.assertFalse(self.holds("absent", "in", 7))

    def test_large_values_are_cut(self) -> None:
        """A sentence does not carry whole values."""
        state = ValuesReader({"k": "x" * 10_000})
        sentence = failure(Precondition(key="k", value="y" * 10_000), state)
        assert sentence is not None
        self.assertLess(len(sentence), 300)
