"""Tests of car.ir.json."""

import msgspec
from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import (
    MAX_NESTING,
    MAX_VALUES,
    JsonLimitError,
    JsonSyntaxError,
    JsonValue,
    RecordError,
    canonical,
    check_nesting,
    check_size,
    check_value,
    convert,
    decode,
    decode_as,
    encode,
    same,
)
from car.ir.tools import RateLimit
from tests.ir.strategies import VALUES


class DecodeTests(SynchronousTestCase):
    """decode, decode_as: what is JSON, what is too much, what is another record."""

    def test_not_json(self) -> None:
        """Text that is not JSON is a syntax error, also where other parsers are lenient."""
        for text in ("", "{", "nope", "1 2", "NaN", "'x'", '"\\ud800"', b"\xef\xbb\xbf1", b"\xff"):
            with self.subTest(text=text):
                self.assertRaises(JsonSyntaxError, decode, text)

    def test_number_out_of_range(self) -> None:
        """A number beyond binary64 is a limit, not a syntax error."""
        self.assertRaises(JsonLimitError, decode, "1e400")

    def test_big_integer_is_exact(self) -> None:
        """Integers keep all their digits."""
        self.assertEqual(decode("12345678901234567890123"), 12345678901234567890123)

    def test_nesting(self) -> None:
        """The limit on nesting is met exactly, whatever stands in strings."""
        allowed = "[" * MAX_NESTING + "]" * MAX_NESTING
        self.assertEqual(encode(decode(allowed)).decode(), allowed)
        self.assertRaises(JsonLimitError, decode, f"[{allowed}]")
        self.assertEqual(decode(encode("[" * 1000)), "[" * 1000)

    def test_many_values(self) -> None:
        """Values are counted, wherever they are, and what stands in strings is not."""
        check_size(encode([0] * MAX_VALUES))
        check_size(encode(["," * MAX_VALUES, '"[{,\\', "," * MAX_VALUES]))
        for text in (
            encode([0] * (MAX_VALUES + 2)),
            encode({str(number): [] for number in range(MAX_VALUES)}),
            encode([""] * (2 * MAX_VALUES + 3)),
            b"[" * (MAX_VALUES + 1),
        ):
            self.assertRaises(JsonLimitError, check_size, text)

    def test_nesting_with_escapes(self) -> None:
        """Brackets after escaped quotes and backslashes are still inside their string."""
        check_nesting(encode(['a\\"[[[[', "\\", "[[[["]), 2)
        self.assertRaises(JsonLimitError, check_nesting, '["\\\\", [[[]]]]', 3)

    def test_wide_is_not_deep(self) -> None:
        """Many brackets side by side are no nesting."""
        self.assertEqual(decode("[" + "{}," * 999 + "{}]"), [{}] * 1000)

    def test_record(self) -> None:
        """A wrong field of a record is named."""
        decoder = msgspec.json.Decoder(RateLimit)
        problem = self.assertRaises(RecordError, decode_as, decoder, '{"max_calls": "1"}')
        self.assertIn("max_calls", str(problem))
        self.assertRaises(JsonSyntaxError, decode_as, decoder, "{")
        self.assertRaises(RecordError, convert, {"max_calls": 1}, RateLimit)

    @settings(deadline=None, max_examples=100)
    @given(VALUES)
    def test_round_trip(self, value: JsonValue) -> None:
        """What was encoded decodes to the same value, canonical text included."""
        self.assertTrue(same(decode(encode(value)), value))
        self.assertTrue(same(decode(canonical(value)), value))


class SameTests(SynchronousTestCase):
    """same, canonical, check_value."""

    def test_types_count(self) -> None:
        """1, 1.0, true and "1" are four values."""
        values: list[JsonValue] = [1, 1.0, True, "1"]
        for first in values:
            for second in values:
                self.assertEqual(same([first], [second]), first is second)

    def test_objects(self) -> None:
        """The order of keys means nothing, the order of items does."""
        self.assertTrue(same({"a": 1, "b": [2]}, {"b": [2], "a": 1}))
        self.assertFalse(same({"a": 1}, {"a": 1, "b": None}))
        self.assertFalse(same([1, 2], [2, 1]))

    def test_canonical(self) -> None:
        """Equal values have one text, 1 and 1.0 have two."""
        self.assertEqual(canonical({"b": 1, "a": {"d": 2, "c": 3}}), b'{"a":{"c":3,"d":2},"b":1}')
        self.assertNotEqual(canonical(1), canonical(1.0))

    def test_check_value(self) -> None:
        """Infinities and NaN are found at any depth."""
        check_value({"a": [1.5, None]})
        for value in (float("inf"), float("nan")):
            self.assertRaises(JsonLimitError, check_value, {"a": [value]})
