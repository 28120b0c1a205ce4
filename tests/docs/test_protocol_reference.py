"""Tests of the protocol's documentation: the methods, the error codes, the generator."""

from typing import Any

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from car.proto import codes
from car.server.registry import Method, NoParams, load_methods
from car.testing.reference import Undocumented, reference
from tests.docs.tables import DOCS, code, table

COMMAND = "python -m car.testing.reference > docs/methods.md"


class Nameless(Struct):
    pass


class MethodsPageTests(SynchronousTestCase):
    """docs/methods.md: one section a registered method, as its docstring and types have it."""

    page = (DOCS / "methods.md").read_text("utf-8")

    def test_every_method(self) -> None:
        """Each registered method has a section and each section is a registered method's."""
        prefix = "### `"
        sections = [
            line.removeprefix(prefix).removesuffix("`")
            for line in self.page.splitlines()
            if line.startswith(prefix)
        ]
        self.assertEqual(sorted(sections), sorted(load_methods()))

    def test_says_what_comes_back(self) -> None:
        """Each method's docstring tells its result, or that it always fails."""
        for method in load_methods().values():
            doc = method.handler.__doc__ or ""
            self.assertTrue("Result:" in doc or "Errors:" in doc, method.name)

    def test_fresh(self) -> None:
        """The page is what the generator writes now."""
        self.assertEqual(reference(load_methods().values()), self.page, f"stale: run {COMMAND}")


class GeneratorTests(SynchronousTestCase):
    """car.testing.reference: what it refuses."""

    def method(self, doc: str | None, params: Any) -> Method:
        """A method with that docstring and that type of params."""

        def handler(session: Any, params: Any) -> None:
            """Replaced."""

        handler.__doc__ = doc
        handler.__annotations__["params"] = params
        return Method("a.b", handler, host_only=True, open=False)

    def test_no_docstring(self) -> None:
        """A method without a docstring is an error that names it."""
        problem = self.assertRaises(Undocumented, reference, [self.method(None, NoParams)])
        self.assertIn("a.b", str(problem))

    def test_record_without_docstring(self) -> None:
        """So is a record that params are made of."""
        methods = [self.method("Does it.", list[Nameless])]
        self.assertIn("Nameless", str(self.assertRaises(Undocumented, reference, methods)))

    def test_parts(self) -> None:
        """Params, result and errors in a docstring become paragraphs; the role is told."""
        text = reference([self.method("Does it.\n\nResult: x.  Errors: -32603.", NoParams)])
        self.assertIn("Does it.\n\n**Result:** x.\n\n**Errors:** -32603.\n", text)
        self.assertIn("For the host role only", text)


class ErrorTableTests(SynchronousTestCase):
    """docs/protocol.md: the tables of codes."""

    def test_codes(self) -> None:
        """Every error code and every close code of the wire stands in its table."""
        errors = {int(code(row[0])) for row in table("protocol.md", "Error code")}
        closes = {int(code(row[0])) for row in table("protocol.md", "Close code")}
        named = {value for name, value in vars(codes).items() if name.isupper()}
        self.assertEqual(errors, {value for value in named if value < 0})
        self.assertTrue({value for value in named if value > 0} <= closes)
