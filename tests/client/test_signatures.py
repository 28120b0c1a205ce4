"""Tests of car.client.signatures and make_tool."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from car.client.errors import ToolDefinitionError
from car.client.signatures import Signature
from car.client.tools import make_tool
from car.ir.json import RecordError


@dataclass
class Point:
    """A record that a tool takes."""

    x: int
    y: int = 0


def plot(  # type: ignore[no-untyped-def]
    at: Point,
    mark: Literal["dot", "cross"] = "dot",
    size: Annotated[int, Meta(ge=1)] = 3,
    *,
    note: "str | None" = None,
    extra=None,  # without an annotation, on purpose
) -> None:
    """Plot a point."""


class SignatureTests(SynchronousTestCase):
    """From annotations to JSON Schema and back."""

    def test_schema(self) -> None:
        """Types, choices, limits, nested records; what has a default is not required."""
        schema = Signature(plot).schema
        self.assertEqual(schema["required"], ["at"])
        self.assertFalse(schema["additionalProperties"])
        self.assertEqual(schema["properties"]["at"], {"$ref": "#/$defs/Point"})
        self.assertEqual(schema["properties"]["mark"], {"enum": ["cross", "dot"]})
        self.assertEqual(schema["properties"]["size"], {"type": "integer", "minimum": 1})
        self.assertEqual(schema["properties"]["extra"], {})
        self.assertIn("Point", schema["$defs"])

    def test_arguments(self) -> None:
        """Arguments come as the annotated types; what was left out stays out."""
        found = Signature(plot).arguments({"at": {"x": 1}, "note": None})
        self.assertEqual(found, {"at": Point(1), "note": None})

    def test_refused(self) -> None:
        """A missing, wrong or unknown parameter is named."""
        for parameters in ({}, {"at": {"x": 1}, "size": 0}, {"at": {"x": 1}, "unknown": 1}):
            self.assertRaises(RecordError, Signature(plot).arguments, parameters)

    def test_open(self) -> None:
        """With ** any further parameter is taken."""

        def loose(a: int, **more: Any) -> None:
            pass

        signature = Signature(loose)
        self.assertNotIn("additionalProperties", signature.schema)
        self.assertEqual(signature.arguments({"a": 1, "b": 2}), {"a": 1, "b": 2})

    def test_methods(self) -> None:
        """A bound method has no self; a callable object is read by its __call__."""

        class Tools:
            def look(self, path: str) -> None:
                pass

            def __call__(self, n: int) -> None:
                pass

        self.assertEqual(list(Signature(Tools().look).schema["properties"]), ["path"])
        self.assertEqual(list(Signature(Tools()).schema["properties"]), ["n"])

    def test_impossible(self) -> None:
        """Positional parameters, unknown names and types without a schema are told."""

        def missing(a: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
            pass

        def odd(a: Signature) -> None:
            pass

        for function in (lambda *a: 1, lambda a, /: 1, missing, odd):
            problem = self.assertRaises(ToolDefinitionError, Signature, function)
            self.assertNotIn("\n", str(problem))


class MakeToolTests(SynchronousTestCase):
    """make_tool."""

    def test_defaults(self) -> None:
        """Name and description are the function's own."""
        schema = make_tool(plot).schema
        self.assertEqual((schema.name, schema.description), ("plot", "Plot a point."))

    def test_given_schema(self) -> None:
        """A schema that was given is taken as it is, and so are the parameters."""
        tool = make_tool(lambda **p: p, name="any", schema={"type": "object"})
        self.assertEqual(tool.schema.parameters, {"type": "object"})
        self.assertEqual(self.successResultOf(tool.run({"odd name": 1})), {"odd name": 1})

    def test_nameless(self) -> None:
        """A function without a name needs one."""
        self.assertRaises(ToolDefinitionError, make_tool, lambda: 1)
