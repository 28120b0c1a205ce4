"""Tests of agents.register_basics."""

from typing import Any

from twisted.internet.defer import succeed

from car.engine.basics.executor import BuiltinToolExecutor
from car.engine.basics.schemas import BASICS
from car.engine.runtime import Runtime
from car.ir.json import JsonObject, to_value
from car.server.errors import JournalUnavailable
from tests.server.methods.calling import MethodTestCase


class RegisterBasicsTests(MethodTestCase):
    """agents.register_basics"""

    def setUp(self) -> None:
        super().setUp()
        client: Any = BuiltinToolExecutor(None, self.reactor, succeed)
        self.recorded: list[tuple[str, JsonObject]] = []
        self.session.state.builtin_tools = BuiltinToolExecutor(
            None, self.reactor, lambda function, *rest: succeed(function(*rest))
        )
        self.session.runtime = Runtime(client, self.reactor)
        self.session.record = lambda kind, data: self.recorded.append((kind, data))
        self.session.require_journal = lambda: None

    def test_registered(self) -> None:
        """The seven tools are there, run by the daemon, and on record."""
        self.assertEqual(self.call("agents.register_basics"), {})
        tools = self.session.runtime.tools
        self.assertEqual(
            [schema.name for schema in tools.schemas()],
            sorted(schema.name for schema in BASICS),
        )
        self.assertIs(tools.executor("read_file"), self.session.state.builtin_tools)
        schemas = [to_value(schema) for schema in BASICS]
        self.assertEqual(self.recorded, [("record_tools", {"registered": schemas})])

    def test_again(self) -> None:
        """A second call changes nothing."""
        for _ in range(2):
            self.assertEqual(self.call("agents.register_basics", {}), {})
        self.assertEqual(len(self.session.runtime.tools.schemas()), 7)

    def test_no_journal(self) -> None:
        """What cannot be recorded is not done."""

        def refuse() -> None:
            raise JournalUnavailable("the journal cannot be written: disk full")

        self.session.require_journal = refuse
        error = self.error("agents.register_basics")
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "journal"}))
        self.assertEqual(self.session.runtime.tools.schemas(), [])

    def test_wrong_params(self) -> None:
        """It takes no params."""
        self.assertWrongParams("agents.register_basics", {})
