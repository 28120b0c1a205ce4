"""Tests of car.validator.schemas and car.validator.weights."""

import time

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, JsonValue
from car.ir.tools import RateLimit, ToolSchema
from car.validator.errors import SchemaError
from car.validator.schemas import CompiledTool, compile_tool
from car.validator.weights import size, weight

PATIENCE = 0.5
"""Seconds that a hostile schema may cost here; the bar of T23 is half of it, on a quiet machine."""


def tool(parameters: JsonObject, returns: JsonValue = None) -> CompiledTool:
    """A compiled tool with these schemas."""
    return compile_tool(ToolSchema(name="t", parameters=parameters, returns=returns))


def nested(depth: int) -> JsonObject:
    """A schema that nests *depth* objects."""
    schema: JsonObject = {}
    for _ in range(depth - 1):
        schema = {"not": schema}
    return schema


class CompileTests(SynchronousTestCase):
    """compile_tool: which schemas are refused."""

    def refused(self, schema: JsonObject, *words: str) -> None:
        """The schema is refused with an error that names tool, field and problem."""
        problem = str(self.assertRaises(SchemaError, tool, schema))
        for word in ("'t'", "parameters", *words):
            self.assertIn(word, problem)
        self.assertLess(len(problem), 1000)

    def test_not_a_schema(self) -> None:
        """What JSON Schema itself forbids is refused."""
        self.refused({"type": 5})
        self.refused({"pattern": "(a"})
        self.refused({"pattern": "(?=a)"})
        problem = self.assertRaises(SchemaError, tool, {}, [1])
        self.assertIn("returns", str(problem))

    def test_references_out_of_the_schema(self) -> None:
        """No reference is ever fetched: file, http, relative, or the schema of schemas."""
        for reference in ("file:///etc/hostname", "http://127.0.0.1:1/x", "other.json", "//h/x"):
            self.refused({"$ref": reference}, reference)
            self.refused({"properties": {"default": {"$dynamicRef": reference}}}, reference)
        self.refused({"$schema": "http://127.0.0.1:1/x"})
        self.refused({"$ref": "#/$defs/none"}, "nowhere")

    def test_references_inside(self) -> None:
        """Pointers and anchors work, also to itself."""
        defs = {"a": {"type": "integer"}, "b": {"$anchor": "here", "type": "integer"}}
        for reference in ("#/$defs/a", "#here"):
            checked = tool({"$defs": defs, "properties": {"x": {"$ref": reference}}})
            self.assertEqual(checked.parameter_errors({"x": 1}), ())
            self.assertEqual(len(checked.parameter_errors({"x": "1"})), 1)
        tree = tool({"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}})
        self.assertEqual(tree.parameter_errors({"next": {"next": {"n": 1}}}), ())
        self.assertEqual(len(tree.parameter_errors({"next": {"next": {"n": "1"}}})), 1)

    def test_data_is_no_reference(self) -> None:
        """What looks like a reference inside of data is data."""
        tool({"const": {"$ref": "file:///x"}, "properties": {"$ref": {"type": "string"}}})

    def test_size_and_nesting(self) -> None:
        """The limits on size and nesting are met exactly."""
        self.refused({"description": "x" * 256 * 1024}, "larger than 262144")
        tool(nested(64))
        self.refused(nested(65), "64")

    def test_unfolding(self) -> None:
        """References that double at each step are refused before they are followed."""
        pair = [{"$ref": f"#/$defs/d{step}"} for step in range(1, 41) for _ in range(2)]
        defs: JsonObject = {
            f"d{step}": {"allOf": pair[2 * step : 2 * step + 2]} for step in range(40)
        }
        defs["d40"] = {"type": "string"}
        self.refused({"$defs": defs, "$ref": "#/$defs/d0"}, "unfold")

    def test_long_chain(self) -> None:
        """A chain of references too long to follow is refused, not a crash."""
        defs: JsonObject = {f"d{step}": {"$ref": f"#/$defs/d{step + 1}"} for step in range(5000)}
        self.refused({"$defs": {**defs, "d5000": {}}, "$ref": "#/$defs/d0"}, "too deep")

    def test_patterns(self) -> None:
        """Too many expressions, or one that grows too large, are refused in time."""
        many: JsonObject = {f"p{n}": {"pattern": "(a{0,100}){0,100}"} for n in range(1000)}
        started = time.monotonic()
        self.refused({"properties": many}, "regular expressions")
        self.refused({"pattern": "((a{1000}){1000}){1000}"})
        self.assertLess(time.monotonic() - started, PATIENCE)

    def test_rate_limit(self) -> None:
        """A tool that may never be called is refused."""
        schema = ToolSchema(name="t", rate_limit=RateLimit(max_calls=0, interval_secs=1.0))
        self.assertIn("max_calls", str(self.assertRaises(SchemaError, compile_tool, schema)))


class CheckTests(SynchronousTestCase):
    """CompiledTool: what is said about values."""

    def test_nothing_asked(self) -> None:
        """An empty schema checks nothing."""
        self.assertEqual(tool({}).parameter_errors({"x": object()}), ())
        self.assertEqual(tool({}).return_errors(7), ())

    def test_all_errors(self) -> None:
        """Each error comes with its message and place."""
        schema = {"properties": {"a": {"items": {"type": "string"}}}, "required": ["b", "c"]}
        self.assertEqual(
            sorted(tool(schema).parameter_errors({"a": ["x", 1]})),
            [
                '"b" is a required property (at /)',
                '"c" is a required property (at /)',
                '1 is not of type "string" (at /a/1)',
            ],
        )

    def test_returns(self) -> None:
        """Return values of any type are checked."""
        self.assertEqual(
            tool({}, {"type": "string"}).return_errors(7), ['7 is not of type "string" (at /)']
        )

    def test_big_integers(self) -> None:
        """Integers beyond 64 bits are compared exactly."""
        checked = tool({"properties": {"n": {"maximum": 2**70}}})
        self.assertEqual(checked.parameter_errors({"n": 2**70}), ())
        self.assertEqual(len(checked.parameter_errors({"n": 2**70 + 1})), 1)

    def test_unknown_members(self) -> None:
        """What depends on a value not yet known is not told, what does not is."""
        schema: JsonObject = {
            "properties": {
                "n": {"type": "integer"},
                "o": {"anyOf": [{"properties": {"x": {"type": "null"}}}], "required": ["y"]},
            }
        }
        value = {"n": "$a.output", "o": {"x": "$a.output"}}
        checked = tool(schema)
        self.assertEqual(len(checked.parameter_errors(value)), 3)
        self.assertEqual(
            checked.parameter_errors(value, [("n",), ("o", "x")]),
            ['"y" is a required property (at /o)'],
        )

    def test_messages_are_cut(self) -> None:
        """A message does not carry a whole value."""
        schema: JsonObject = {"additionalProperties": {"type": "integer"}}
        for length in (3_000, 3_000_000):
            (text,) = tool(schema).parameter_errors({"k" * length: "x" * length})
            self.assertLess(len(text), 500)


class HostileTests(SynchronousTestCase):
    """What a hostile schema or value costs (T23)."""

    def quick(self, schema: JsonObject, value: JsonObject) -> list[str]:
        """The errors, found in time."""
        checked = tool(schema)
        started = time.monotonic()
        errors = checked.parameter_errors(value)
        self.assertLess(time.monotonic() - started, PATIENCE)
        return list(errors)

    def test_catastrophic_pattern(self) -> None:
        """The pattern that brings others down takes no time."""
        schema = {"properties": {"s": {"pattern": "(a+)+$"}}}
        self.assertEqual(len(self.quick(schema, {"s": "a" * 50_000 + "!"})), 1)

    def test_many_errors(self) -> None:
        """Of very many errors only one is told."""
        schema = {"additionalProperties": {"items": {"type": "string"}}}
        errors = self.quick(schema, {"l": [1] * 300_000})
        self.assertEqual(errors, ['the value is not of type "string" (at /l/0)'])

    def test_large_value_many_ways(self) -> None:
        """A large value is not copied for each thing wrong with it."""
        schema = {"properties": {"s": {"anyOf": [{"type": "integer"}] * 50}}}
        self.assertEqual(len(self.quick(schema, {"s": "x" * 3_000_000})), 1)

    def test_too_much_work(self) -> None:
        """A value that would take too many steps is refused unchecked."""
        schema = {"additionalProperties": {"items": {"allOf": [{"minimum": 0}] * 5000}}}
        (text,) = self.quick(schema, {"l": [1] * 100_000})
        self.assertIn("too large", text)


class WeightTests(SynchronousTestCase):
    """weight, size."""

    def test_weight(self) -> None:
        """Each use of a reference weighs what it refers to; a circle counts once."""
        leaf: JsonObject = {"type": "string"}
        once = weight({"$defs": {"a": leaf}, "properties": {"x": {"$ref": "#/$defs/a"}}})
        twice = weight(
            {
                "$defs": {"a": leaf},
                "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}},
            }
        )
        self.assertEqual(twice - once, 1 + weight(leaf))
        self.assertEqual(weight({"not": {"$ref": "#"}}), 3)

    def test_size(self) -> None:
        """Members count, long text by its length; counting stops at the limit."""
        self.assertEqual(size({"a": [1, 2], "b": "x" * 640}, 1000), 1 + 2 + 2 + 10)
        self.assertLess(size([[1] * 10] * 1000, 50), 2000)
