"""JSON Schema of a tool's parameters and return value, compiled once (decision 26).

``jsonschema-rs`` does the checking: references out of the schema are refused, regular
expressions run in its linear-time engine.  How much work a schema may cause is weighed in
``car.validator.weights``.
"""

from collections.abc import Collection, Sequence

import jsonschema_rs

from car.ir.json import JsonError, JsonObject, JsonValue, check_nesting, encode
from car.ir.tools import ToolSchema
from car.validator.errors import SchemaError
from car.validator.weights import size, weight

MAX_SCHEMA_BYTES = 256 * 1024
"""A schema as JSON text (T23)."""

MAX_SCHEMA_NESTING = 64
"""Arrays and objects inside one another (T23)."""

MAX_STEPS = 20_000_000
"""Steps that one check may take, about 10 ns each: a value beyond is refused unchecked."""

MAX_STEPS_FOR_ALL_ERRORS = 5_000
"""Steps up to which all errors are told: each takes microseconds and copies the value.
Beyond, only the first is, without the value."""

_MESSAGE_CHARS = 200
"""How much of an error is shown; the library writes the whole value into it."""

_PATTERNS = jsonschema_rs.RegexOptions(size_limit=256 * 1024)
"""The linear-time engine; a compiled expression takes at most that many bytes."""

# What can be said without knowing the members of a value.
_ABOUT_THE_OUTSIDE = frozenset(
    {
        "type",
        "required",
        "dependentRequired",
        "propertyNames",
        "additionalProperties",
        "minProperties",
        "maxProperties",
        "minItems",
        "maxItems",
    }
)

Path = tuple[str | int, ...]
"""Keys and indexes from a value down to one of its members."""

_NO_ERRORS: Sequence[str] = ()


class CompiledTool:
    """A tool's schema, ready to check values against.

    Errors read ``<message> (at /<path>)``; their sequences may be shared and are not to be
    changed.  ``plain`` tools have neither cache nor rate limit: each call is dispatched.
    """

    __slots__ = ("_parameters", "_returns", "plain", "schema")

    def __init__(self, schema: ToolSchema) -> None:
        self.schema = schema
        self.plain = not (schema.idempotent or schema.cache_ttl_secs or schema.rate_limit)
        self._parameters = _compiled(schema.parameters, "parameters")
        self._returns = _compiled(schema.returns, "returns")

    def parameter_errors(
        self, parameters: JsonObject, unknown: Collection[Path] = ()
    ) -> Sequence[str]:
        """What is wrong with *parameters*.

        *unknown* are the paths of members whose value is not known yet; what depends on
        them is not told.
        """
        return (
            _NO_ERRORS if self._parameters is None else self._parameters.errors(parameters, unknown)
        )

    def return_errors(self, value: JsonValue) -> Sequence[str]:
        """What is wrong with *value*, an output of the tool."""
        return _NO_ERRORS if self._returns is None else self._returns.errors(value, ())


def compile_tool(schema: ToolSchema) -> CompiledTool:
    """Check and compile a tool's schemas; raises SchemaError naming tool and problem."""
    try:
        if schema.rate_limit is not None and schema.rate_limit.max_calls == 0:
            raise SchemaError("rate_limit.max_calls: expected at least 1, got 0")
        return CompiledTool(schema)
    except SchemaError as problem:
        raise SchemaError(f"tool '{schema.name}' cannot be registered: {problem}") from None


class _Check:
    """One compiled schema with its weight."""

    __slots__ = ("_brief", "_schema", "_validator", "_weight")

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema
        self._weight = weight(schema)
        self._validator = _validator(schema, None)
        self._brief: jsonschema_rs.Validator | None = None

    def errors(self, value: JsonValue, unknown: Collection[Path]) -> Sequence[str]:
        steps = self._weight * size(value, MAX_STEPS // self._weight)
        if steps > MAX_STEPS:
            return ["the value is too large to be checked against this schema (at /)"]
        if self._validator.is_valid(value):
            return _NO_ERRORS
        if steps <= MAX_STEPS_FOR_ALL_ERRORS:
            found = list(self._validator.iter_errors(value))
        else:
            found = self._first_error(value)
        return [_sentence(error) for error in found if not _undecided(error, unknown)]

    def _first_error(self, value: JsonValue) -> list[jsonschema_rs.ValidationError]:
        """The first error, told without the value itself."""
        if self._brief is None:
            self._brief = _validator(self._schema, "the value")
        try:
            self._brief.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []


def _validator(schema: JsonObject, mask: str | None) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        schema, retriever=_refuse, pattern_options=_PATTERNS, mask=mask
    )


def _compiled(schema: JsonValue, field: str) -> _Check | None:
    """The check that *schema* asks for, None where it asks for nothing."""
    if schema is None or schema == {}:
        return None
    if not isinstance(schema, dict):
        raise SchemaError(f"{field}: expected a JSON Schema object")
    text = encode(schema)
    if len(text) > MAX_SCHEMA_BYTES:
        raise SchemaError(f"{field}: the schema is larger than {MAX_SCHEMA_BYTES} bytes")
    try:
        check_nesting(text, MAX_SCHEMA_NESTING)
        return _Check(schema)
    except (JsonError, SchemaError) as problem:
        raise SchemaError(f"{field}: {problem}") from None
    except jsonschema_rs.ValidationError as problem:
        raise SchemaError(f"{field}: not a JSON Schema: {_sentence(problem)}") from None


def _undecided(error: jsonschema_rs.ValidationError, unknown: Collection[Path]) -> bool:
    """Whether *error* may go away once the members at *unknown* have their values."""
    place = tuple(error.instance_path)
    outside = bool(error.schema_path) and error.schema_path[-1] in _ABOUT_THE_OUTSIDE
    for path in unknown:
        if place[: len(path)] == path:
            return True
        if path[: len(place)] == place and not outside:
            return True
    return False


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    place = "/".join(str(step) for step in error.instance_path)
    return f"{_cut(error.message)} (at /{_cut(place)})"


def _cut(text: str) -> str:
    return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]}…"


def _refuse(uri: str) -> JsonValue:
    """The retriever: nothing is ever fetched for a client's schema."""
    raise SchemaError(f"reference '{uri}' leads out of the schema")
