"""Tests of car.testing.patterns."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonValue
from car.testing.patterns import mismatches


class PatternTests(SynchronousTestCase):
    """mismatches: the patterns of the conformance cases."""

    def matches(self, pattern: JsonValue, *values: JsonValue) -> None:
        """All of *values* match."""
        for value in values:
            self.assertEqual(mismatches(pattern, value), [], value)

    def differs(self, pattern: JsonValue, *values: JsonValue) -> None:
        """None of *values* matches."""
        for value in values:
            self.assertNotEqual(mismatches(pattern, value), [], value)

    def test_objects_ask_for_their_own_keys(self) -> None:
        """Further keys are allowed; an absent key equals null."""
        self.matches({"a": 1, "b": None}, {"a": 1}, {"a": 1, "b": None, "c": 2})
        self.differs({"a": 1}, {}, {"a": 2}, [], None)

    def test_lists_item_by_item(self) -> None:
        """Lists have the same length and order."""
        self.matches([{"a": 1}, 2], [{"a": 1, "b": 1}, 2])
        self.differs([1, 2], [2, 1], [1], [1, 2, 3], {"0": 1})

    def test_equality_is_typed(self) -> None:
        """1, 1.0 and true are three values."""
        self.matches(1, 1)
        self.differs(1, 1.0, True, "1", None)

    def test_the_place_is_told(self) -> None:
        """A mismatch says where it is."""
        (text,) = mismatches({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})
        self.assertTrue(text.startswith("$.a[1].b: "), text)

    def test_types(self) -> None:
        """Each name of a type, with what is nearly of it."""
        self.matches({"$type": "number"}, 1, 1.5)
        self.differs({"$type": "number"}, True, "1")
        self.matches({"$type": "integer"}, 1)
        self.differs({"$type": "integer"}, 1.0, False)
        self.matches({"$type": "timestamp"}, "2026-03-04T05:06:07Z")
        self.differs({"$type": "timestamp"}, "tomorrow", 5, None)
        for name, value in (("string", ""), ("boolean", False), ("array", []), ("object", {})):
            self.matches({"$type": name}, value)
            self.differs({"$type": name}, None)

    def test_matchers(self) -> None:
        """The other matchers."""
        self.matches({"$any": True}, None, 1)
        self.matches({"$exact": {"a": 1}}, {"a": 1})
        self.differs({"$exact": {"a": 1}}, {"a": 1, "b": None})
        self.matches({"$approx": 1000.0}, 1000.0000005, 1000)
        self.differs({"$approx": 0.5}, 0.5000001, True, "0.5")
        self.matches({"$mentions": ["Key", "x"]}, "no KEY for X")
        self.differs({"$mentions": ["key"]}, "nothing", None)
        self.matches({"x": {"$null": True}}, {}, {"x": None})
        self.differs({"x": {"$null": True}}, {"x": 0})
        self.matches({"$len": 2}, [1, 2], "ab", {"a": 1, "b": 2})
        self.differs({"$len": 2}, [], 2)

    def test_unordered(self) -> None:
        """Each item has a pattern of its own, also where the first choice must be undone."""
        self.matches({"$unordered": [{"$type": "integer"}, 1]}, [1, 2], [2, 1])
        self.differs({"$unordered": [1, 1]}, [1, 2], [1], 1)
        loose = [{"$any": True}, {"$any": True}, 3, {"$type": "integer"}]
        self.matches({"$unordered": loose}, [3, 4, "x", "y"], ["x", 4, 3, "y"])
        self.differs({"$unordered": loose}, [3, "z", "x", "y"])

    def test_several_keys_are_no_matcher(self) -> None:
        """Only an object with one key can be a matcher."""
        self.differs({"$any": True, "a": 1}, {"a": 1})
