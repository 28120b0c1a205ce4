"""Tests of car.engine.basics.calculator."""

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.engine.basics.calculator import MAX_DEPTH, MAX_DIGITS, MAX_EXPRESSION_CHARS, calculate
from car.engine.errors import ToolError
from car.ir.json import check_value

_NAMES = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "max": max,
    "min": min,
    "pi": math.pi,
    "e": math.e,
    "round": round,
    "sqrt": math.sqrt,
    "sin": math.sin,
}

_numbers = st.integers(0, 10**20).map(str) | st.floats(0, 1e20).map(repr) | st.just("pi")


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", " + ", " - "])
    small = st.integers(-2, 3).map(str)
    return (
        st.tuples(inner, operators, inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
        | st.tuples(inner, small).map(lambda pair: f"{pair[0]}**{pair[1]}")
        | st.tuples(st.sampled_from(["abs", "floor", "ceil", "round", "sin"]), inner).map(
            lambda pair: f"{pair[0]}({pair[1]})"
        )
        | st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda three: f"{three[0]}({three[1]}, {three[2]})"
        )
    )


expressions = st.recursive(_numbers, _nested, max_leaves=8)


class ValueTests(SynchronousTestCase):
    """What an expression is worth."""

    def assertValues(self, values: dict[str, int | float]) -> None:
        """Each expression has its value, of the same type."""
        for expression, value in values.items():
            result = calculate(expression)
            self.assertEqual(result, {"expression": expression, "result": value})
            self.assertIs(type(result["result"]), type(value), expression)

    def test_precedence(self) -> None:
        """Operators bind and group as in Python."""
        self.assertValues(
            {
                "1+2*3": 7,
                "(1+2)*3": 9,
                "-2**2": -4,
                "2**-1": 0.5,
                "2**3**2": 512,
                "2**-3**2": 2**-9,
                "10-4-3": 3,
                "7//2*2 % 4": 2,
                "--1 - -1": 2,
                "2*-3": -6,
                "0**0": 1,
            }
        )

    def test_numbers(self) -> None:
        """Integers stay exact, anything with a point or an exponent is a float."""
        self.assertValues({"12": 12, "1.": 1.0, ".5": 0.5, "1e3": 1000.0, "1E-2": 0.01})
        self.assertValues({"10**30 + 1": 10**30 + 1, " 4 / 2\n": 2.0})

    def test_names(self) -> None:
        """Constants and functions are known by name."""
        self.assertValues({"pi": math.pi, "e": math.e, "ln(e)": 1.0, "log(8, 2)": 3.0})
        self.assertValues({"sqrt(16)": 4.0, "max(1, 2.5, -3)": 2.5, "round(2.567, 2)": 2.57})
        self.assertValues(
            {"floor(2.9) + ceil(2.1)": 5, "log10(1000)": 3.0, "round(1250, -2)": 1200}
        )

    @given(expressions)
    def test_python(self, expression: str) -> None:
        """The value is Python's own; where Python has none, or an immense one, neither do we."""
        try:
            expected = eval(expression, {"__builtins__": {}}, _NAMES)
        except (ArithmeticError, ValueError, TypeError):
            expected = None
        if isinstance(expected, complex) or (
            isinstance(expected, float) and not math.isfinite(expected)
        ):
            expected = None
        try:
            value = calculate(expression)["result"]
        except ToolError:
            self.assertTrue(expected is None or "**" in expression, expression)
        else:
            self.assertEqual((type(value), value), (type(expected), expected))


class RefusalTests(SynchronousTestCase):
    """What has no value."""

    def assertRefused(self, expression: str, *words: str) -> None:
        """The expression is refused in a sentence with each of *words*."""
        problem = self.assertRaises(ToolError, calculate, expression)
        for word in words:
            self.assertIn(word, str(problem))

    def test_no_value(self) -> None:
        """Divisions by zero and arguments out of a domain are told as such."""
        for expression in ("1/0", "1//0", "1%0", "1.0//0.0", "0**-1"):
            self.assertRefused(expression, "division by zero")
        self.assertRefused("sqrt(-1)", "sqrt has no value for -1")
        self.assertRefused("log(0)", "log has no value for 0")
        self.assertRefused("acos(2)", "acos has no value for 2")
        self.assertRefused("(-8)**(1/3)", "negative")
        self.assertRefused("sqrt(-10**50)", "an integer of many digits")

    def test_unknown_name(self) -> None:
        """A name that is none of ours is refused with those that are."""
        self.assertRefused("__import__(1)", "unknown name '__import__'")
        self.assertRefused("exec(1)", "unknown name 'exec'", "sqrt")
        self.assertRefused("sin", "expected '(' after sin")
        self.assertRefused("pi(2)", "expected an operator")

    def test_syntax(self) -> None:
        """What is no expression is told with the place."""
        self.assertRefused("", "expected a number, but it ends")
        self.assertRefused("1 2", "at character 3, found '2'")
        self.assertRefused("(1", "expected ')', but it ends")
        self.assertRefused("1+", "expected a number")
        self.assertRefused("2^3", "'^' at character 2", "powers are written **")
        self.assertRefused("1 + é", "'é' at character 5 means nothing")
        self.assertRefused("1 if 2 else 3", "at character 3, found 'if'")
        self.assertRefused("sqrt()", "expected a number")
        self.assertRefused("sqrt(1, 2)", "sqrt does not take 2 arguments")
        self.assertRefused("atan2(1)", "atan2 does not take 1 arguments")
        self.assertRefused("1 , 2", "found ','")

    def test_bounds(self) -> None:
        """Texts, nesting and numbers beyond the bounds are refused before any work."""
        self.assertRefused("1" * (MAX_EXPRESSION_CHARS + 1), "longer than 1000 characters")
        self.assertRefused("(" * MAX_DEPTH + "1", "nested more than 100 deep")
        self.assertRefused("-" * MAX_DEPTH + "1", "nested more than 100 deep")
        self.assertRefused("**".join(["1"] * (MAX_DEPTH + 1)), "nested more than 100 deep")
        for expression in ("9**9**9", "9**9**9**9", "10**4300", "-10**4300", "10**4299*10"):
            self.assertRefused(expression, "more than 4300 digits")
        self.assertEqual(len(str(calculate(f"10**{MAX_DIGITS - 1}")["result"])), MAX_DIGITS)
        self.assertRefused("round(1, -9**9)", "digits must be a whole number")
        self.assertRefused("round(1, 1.5)", "digits must be a whole number")

    def test_not_finite(self) -> None:
        """Infinities and what is no number are refused wherever they arise."""
        for expression in ("1e999", "1e308*10", "exp(1000)", "1.5**99999", "10**4000/3"):
            self.assertRefused(expression, "too large")
        self.assertRefused("1.0 * 10**400", "too large")
        self.assertRefused("1e308*10 - 1e308*10", "too large")

    @given(st.text("0123456789.eE+-*/%(), pisqrtmax_^", max_size=60))
    def test_any_text(self, text: str) -> None:
        """Any text is either worth a JSON number or refused as a ToolError."""
        try:
            value = calculate(text)["result"]
        except ToolError as problem:
            self.assertTrue(str(problem))
        else:
            check_value(value)
            self.assertIn(type(value), (int, float))
