"""``calculate``: the value of an arithmetic expression, without evaluating any code.

A precedence-climbing parser that computes as it reads.  It runs in the reactor's thread,
so everything is bounded beforehand: the text, the nesting, the size of every number.
Precedence and results are Python's.
"""

import math
import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from car.engine.errors import ToolError
from car.ir.json import JsonObject

MAX_EXPRESSION_CHARS = 1_000
"""How long an expression may be."""

MAX_DEPTH = 100
"""Parentheses, calls, signs and right-hand sides of ``**`` inside one another."""

MAX_DIGITS = 4_300
"""Digits of an integer, also on the way: what the JSON decoder reads (reliability.md §4)."""

Number = int | float

_TOO_BIG = 10**MAX_DIGITS
_MAX_BITS = _TOO_BIG.bit_length()

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|//|[-+*/%(),]))"
)

_CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}


class _Function(NamedTuple):
    """What a name in front of a parenthesis does, and how many arguments it takes."""

    call: Callable[..., Number]
    least: int = 1
    most: int = 1


def _round(value: Number, digits: Number = 0) -> Number:
    if not isinstance(digits, int) or abs(digits) > 400:  # no float has more places
        raise ToolError("round: the number of digits must be a whole number from -400 to 400")
    return round(value, digits) if digits else round(value)


_FUNCTIONS: dict[str, _Function] = {
    "abs": _Function(abs),
    "acos": _Function(math.acos),
    "asin": _Function(math.asin),
    "atan": _Function(math.atan),
    "atan2": _Function(math.atan2, 2, 2),
    "ceil": _Function(math.ceil),
    "cos": _Function(math.cos),
    "degrees": _Function(math.degrees),
    "exp": _Function(math.exp),
    "floor": _Function(math.floor),
    "ln": _Function(math.log),
    "log": _Function(math.log, 1, 2),
    "log10": _Function(math.log10),
    "log2": _Function(math.log2),
    "max": _Function(lambda *values: max(values), 1, MAX_EXPRESSION_CHARS),
    "min": _Function(lambda *values: min(values), 1, MAX_EXPRESSION_CHARS),
    "radians": _Function(math.radians),
    "round": _Function(_round, 1, 2),
    "sin": _Function(math.sin),
    "sqrt": _Function(math.sqrt),
    "tan": _Function(math.tan),
    "trunc": _Function(math.trunc),
}


def _power(base: Number, exponent: Number) -> Number:
    """``base ** exponent``, refused before it is computed where it would be too long."""
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
        if (abs(base).bit_length() - 1) * exponent > _MAX_BITS:
            raise ToolError(_too_long())
    elif base < 0 and not float(exponent).is_integer():
        raise ToolError("a negative number has no real power that is not whole")
    value: Number = base**exponent
    return value


class _Operator(NamedTuple):
    """A binary operator: how tightly it binds, and what it does."""

    binding: int
    apply: Callable[[Number, Number], Number]


_OPERATORS: dict[str, _Operator] = {
    "+": _Operator(1, operator.add),
    "-": _Operator(1, operator.sub),
    "*": _Operator(2, operator.mul),
    "/": _Operator(2, operator.truediv),
    "//": _Operator(2, operator.floordiv),
    "%": _Operator(2, operator.mod),
    "**": _Operator(4, _power),
}
_SIGN_BINDING = 3
"""Between the products and ``**``: ``-2 ** 2`` is -4."""


def calculate(expression: str) -> JsonObject:
    """The value of *expression*: ``{expression, result}``, the result an int or a float.

    Knows ``+ - * / // % **``, signs, parentheses, the constants and functions of the tables
    above.  Raises ToolError for a text that is no expression, for what has no value (a
    division by zero, the root of a negative number) and for numbers that are not finite or
    have more than MAX_DIGITS digits.
    """
    if len(expression) > MAX_EXPRESSION_CHARS:
        raise ToolError(f"expression: longer than {MAX_EXPRESSION_CHARS} characters")
    return {"expression": expression, "result": _Reader(expression).value()}


class _Token(NamedTuple):
    """A piece of the text; ``kind`` is ``number``, ``name``, ``sign`` or ``end``."""

    kind: str
    text: str
    at: int


class _Reader:
    """Reads an expression from left to right, computing as it goes."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def value(self) -> Number:
        """The value of the whole text."""
        value = self._binary(0)
        if self._token.kind != "end":
            raise self._unexpected("an operator or the end")
        return value

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _binary(self, binding: int) -> Number:
        """An operand and the operators after it that bind more tightly than *binding*."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolError(f"expression: nested more than {MAX_DEPTH} deep")
        value = self._operand()
        while (known := _OPERATORS.get(self._token.text)) and known.binding > binding:
            token = self._take()
            # ``**`` is the one that groups to the right, and its right side may have a sign.
            right = self._binary(_SIGN_BINDING if token.text == "**" else known.binding)
            value = _computed(token.text, known.apply, value, right)
        self._depth -= 1
        return value

    def _operand(self) -> Number:
        token = self._take()
        if token.kind == "number":
            return _literal(token.text)
        if token.text in ("+", "-"):
            value = self._binary(_SIGN_BINDING)
            return -value if token.text == "-" else +value
        if token.text == "(":
            value = self._binary(0)
            self._close()
            return value
        if token.kind == "name":
            return self._named(token)
        self._next -= 1
        raise self._unexpected("a number")

    def _named(self, token: _Token) -> Number:
        """A constant, or a call with its arguments."""
        name = token.text
        function = _FUNCTIONS.get(name)
        if function is None:
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            known = ", ".join(sorted({*_CONSTANTS, *_FUNCTIONS}))
            raise ToolError(f"unknown name '{name:.40}'; known are {known}")
        if self._token.text != "(":
            raise self._unexpected(f"'(' after {name}")
        self._next += 1
        arguments = [self._binary(0)]
        while self._token.text == ",":
            self._next += 1
            arguments.append(self._binary(0))
        self._close()
        if not function.least <= len(arguments) <= function.most:
            raise ToolError(f"{name} does not take {len(arguments)} arguments")
        return _computed(name, function.call, *arguments)

    def _close(self) -> None:
        if self._token.text != ")":
            raise self._unexpected("')'")
        self._next += 1

    def _unexpected(self, wanted: str) -> ToolError:
        token = self._token
        if token.kind == "end":
            return ToolError(f"expression: expected {wanted}, but it ends")
        return ToolError(
            f"expression: expected {wanted} at character {token.at + 1}, found '{token.text:.40}'"
        )


def _tokens(text: str) -> list[_Token]:
    """The pieces of *text*; raises ToolError at the first character that starts none."""
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            while text[at].isspace():
                at += 1
            hint = "; powers are written **" if text[at] == "^" else ""
            raise ToolError(f"expression: '{text[at]}' at character {at + 1} means nothing{hint}")
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, _Token("end", "", at)]


def _literal(text: str) -> Number:
    return int(text) if text.isdigit() else _checked(float(text), text)


def _computed(name: str, function: Callable[..., Number], *arguments: Number) -> Number:
    """The function's value; what has none is told as a ToolError naming it."""
    try:
        return _checked(function(*arguments), name)
    except ZeroDivisionError:
        raise ToolError(f"{name}: division by zero") from None
    except OverflowError:
        raise ToolError(f"{name}: the result is too large") from None
    except ValueError:
        raise ToolError(f"{name} has no value for {_shown(arguments)}") from None


def _shown(arguments: tuple[Number, ...]) -> str:
    """Arguments as a message shows them."""
    return ", ".join(
        "an integer of many digits" if abs(value) >= 10**40 else repr(value) for value in arguments
    )


def _checked(value: Number, name: str) -> Number:
    """*value*, if JSON can hold it."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ToolError(f"{name:.40}: the result is too large or no number")
    elif abs(value) >= _TOO_BIG:
        raise ToolError(_too_long())
    return value


def _too_long() -> str:
    return f"the result would be an integer of more than {MAX_DIGITS} digits"
