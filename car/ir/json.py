"""JSON text to values and back, in one place for the wire, the journal and the domain.

``msgspec`` does the work (decision 1 of the specification): it refuses NaN, lone
surrogates and byte-order marks, and keeps integers exact.  What it cannot tell on its own
stands here: numbers and nesting beyond the limits are another failure than text that is
not JSON, a nesting limit of our own choosing, and a canonical form to compare by.
"""

import math
from typing import Any, TypeAlias, TypeVar

import msgspec

from car.errors import CarError
from car.ir.choices import choice_sentence

#: A JSON value as Python has it: None, bool, int, float, str, list, dict.
JsonValue: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]

MAX_NESTING = 256
"""Arrays and objects inside one another (``reliability.md`` §3)."""

MAX_VALUES = 200_000
"""Values in one message; [ours]: read in some 100 ms, so that no other session waits longer
(the bar of ``reliability.md`` §4 is 250 ms)."""

_T = TypeVar("_T")

encode = msgspec.json.Encoder().encode
"""Compact UTF-8 JSON of a value or a record; the caller knows that its numbers are finite."""

_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_decode_any = msgspec.json.Decoder().decode

# Both kinds of bracket read as one: whether they match is the decoder's to say.
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_STRUCTURAL = bytes(byte for byte in range(256) if byte not in b'[]{},"')


class JsonError(CarError):
    """A text or value that cannot be read or written as JSON."""


class JsonSyntaxError(JsonError):
    """The text is not JSON at all."""


class JsonLimitError(JsonError):
    """Well-formed JSON with a number out of range or nested too deeply."""


class RecordError(JsonError):
    """Well-formed JSON that is not a legal record; the message names the field."""


def decode(text: bytes | str) -> JsonValue:
    """Read any JSON text.

    Raises JsonSyntaxError or JsonLimitError.
    """
    check_nesting(text)
    try:
        return _decode_any(text)
    except msgspec.ValidationError as problem:
        # The only complaint that an untyped decode can have.
        raise JsonLimitError(str(problem).partition(" - at ")[0].lower()) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise JsonSyntaxError(_sentence(problem)) from None
    except RecursionError:
        raise JsonLimitError(f"nested more than {MAX_NESTING} deep") from None


def decode_checked(text: bytes | str | msgspec.Raw) -> JsonValue:
    """Read JSON text whose nesting was checked as part of a larger text.

    Raises JsonSyntaxError or JsonLimitError.
    """
    try:
        return _decode_any(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decode(bytes(text) if isinstance(text, msgspec.Raw) else text)


def decode_as(decoder: "msgspec.json.Decoder[_T]", text: bytes | str) -> _T:
    """Read a JSON text as the record that *decoder* was made for.

    Raises JsonSyntaxError, JsonLimitError, or RecordError naming the field.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as problem:
        decode(text)  # a number out of range is told as such, not as a wrong field
        raise RecordError(_sentence(problem, decoder.type)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise JsonSyntaxError(_sentence(problem)) from None
    except RecursionError:
        raise JsonLimitError(f"nested more than {MAX_NESTING} deep") from None


def convert(value: JsonValue, type_: type[_T]) -> _T:
    """Read a JSON value as a record of *type_*; raises RecordError naming the field."""
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as problem:
        raise RecordError(_sentence(problem, type_)) from None


def to_value(record: object) -> JsonValue:
    """The JSON value of a record: what decoding its text would give."""
    return msgspec.to_builtins(record)


def canonical(value: object) -> bytes:
    """One text for all equal values: object keys sorted, no blanks.

    ``1`` and ``1.0`` keep different texts, as they are different JSON values here.
    """
    return _encode_sorted(value)


def check_nesting(text: bytes | str, limit: int = MAX_NESTING) -> None:
    """Raise JsonLimitError if arrays and objects in *text* nest deeper than *limit*.

    Costs two counts for an ordinary text.  Only one with more brackets than the limit is
    looked at closely: strings are cut out, then the innermost pairs fall away pass by pass.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if data.count(b"[") + data.count(b"{") <= limit:
        return
    outline = _outside_strings(data).translate(_AS_BRACKETS, b",")
    for _ in range(limit):
        shorter = outline.replace(b"[]", b"")
        if len(shorter) == len(outline):
            return  # nothing left, or unbalanced: the decoder says so better
        outline = shorter
    if b"[]" in outline:
        raise JsonLimitError(f"nested more than {limit} deep")


def check_size(data: bytes, limit: int = MAX_VALUES) -> None:
    """Raise JsonLimitError if the text *data* holds more than about *limit* values.

    A long text is no trouble, many values are: reading them holds up everybody else.
    Costs three counts unless the text has many commas or brackets, of which strings may be
    full: then they are cut out, after a look at how many there are.
    """
    if data.count(b",") + data.count(b"[") + data.count(b"{") <= limit:
        return
    # No value has more than two strings to it, its own and its key.
    if data.count(b'"') - data.count(b'\\"') > 4 * limit:
        raise JsonLimitError(f"holds more than {limit} values")
    outline = _outside_strings(data)
    if len(outline) - outline.count(b"]") - outline.count(b"}") > limit:
        raise JsonLimitError(f"holds more than {limit} values")


def _outside_strings(data: bytes) -> bytes:
    """The commas and brackets of a JSON text that stand in no string, in order."""
    outline = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NOT_STRUCTURAL)
    return b"".join(outline.split(b'"')[::2])


def check_value(value: object) -> None:
    """Raise JsonError unless *value*, built in Python, is a JSON value.

    Decoded JSON always is; what a tool run in this process returned may hold a NaN, an
    infinity or any object at all.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JsonLimitError(f"{value} is not a JSON number")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise JsonError(f"an object key is of type {type(key).__name__}, not text")
            check_value(member)
    elif isinstance(value, list):
        for member in value:
            check_value(member)
    elif value is not None and not isinstance(value, str | int | bool):
        raise JsonError(f"a {type(value).__name__} is not a JSON value")


def same(first: JsonValue, second: JsonValue) -> bool:
    """Whether two JSON values are equal: ``1``, ``1.0`` and ``true`` are three values."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            same(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def _sentence(problem: Exception, type_: Any = None) -> str:
    """msgspec's message with the place first: ``actions[0].id: expected `str`, got `int```.

    A value that is none of those allowed in a *type_* is told with them.
    """
    text = str(problem)
    what, separator, place = text.rpartition(" - at `$")
    if not separator:
        what, place = text, ""
    place = place.rstrip("`")
    if text.startswith("Invalid"):
        what += choice_sentence(type_, place)
    where = f"{place.lstrip('.') or 'value'}: " if separator else ""
    return where + _lower_first(what)


def _lower_first(text: str) -> str:
    """*text* as the rest of a sentence; an abbreviation such as JSON stays as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
