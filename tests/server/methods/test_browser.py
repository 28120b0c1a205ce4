"""Tests of browser.run, browser.close and browser.register_tools."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

import car
from car.browser.arguments import LaunchSettings
from car.browser.errors import BrowserBusy, BrowserExited
from car.browser.script import OPERATIONS, Click, Navigate
from car.engine.basics.executor import BuiltinToolExecutor
from car.engine.runtime import Runtime
from car.ir.json import JsonObject
from car.server.browser_tools import TOOLS, BrowserToolExecutor
from car.server.errors import JournalUnavailable
from tests.server.browser_doubles import FakeSlot, step
from tests.server.methods.calling import MethodTestCase

NAVIGATE: JsonObject = {"op": "navigate", "url": "http://shop.example/"}


class BrowserCase(MethodTestCase):
    """A session with a browser that does what it is told."""

    def setUp(self) -> None:
        super().setUp()
        self.slot = FakeSlot()
        self.recorded: list[tuple[str, JsonObject]] = []
        client: Any = BuiltinToolExecutor(None, self.reactor, succeed)
        self.session.browser = self.slot
        self.session.runtime = Runtime(client, self.reactor)
        self.session.record = lambda kind, data: self.recorded.append((kind, data))
        self.session.require_journal = lambda: None

    def refuse_journal(self) -> None:
        """From now on nothing can be recorded."""

        def refuse() -> None:
            raise JournalUnavailable("the journal cannot be written: disk full")

        self.session.require_journal = refuse


class RunTests(BrowserCase):
    """browser.run"""

    def test_steps(self) -> None:
        """The steps in the shape of the protocol."""
        ran = self.begin("browser.run", {"script": [NAVIGATE, {"op": "click", "element_id": "x"}]})
        self.assertNoResult(ran)
        self.assertEqual(
            self.slot.operations, [Navigate(url="http://shop.example/"), Click(element_id="x")]
        )
        self.slot.end(
            step("navigate", {"url": "http://shop.example/"}),
            step("click", error="no element 'x'; observe first"),
        )
        result = self.successResultOf(ran)
        self.assertEqual([each.status for each in result.steps], ["ok", "error"])

    def test_forms_of_a_script(self) -> None:
        """Object, array, and the JSON text of either."""
        forms: tuple[Any, ...] = (
            [NAVIGATE],
            {"operations": [NAVIGATE]},
            '[{"op": "navigate", "url": "http://shop.example/"}]',
            '{"operations": [{"op": "navigate", "url": "http://shop.example/"}]}',
        )
        for form in forms:
            self.begin("browser.run", {"script": form})
        scripts = [script for script, _ in self.slot.scripts]
        self.assertEqual(scripts, [scripts[0]] * len(forms))

    def test_launch_parameters(self) -> None:
        """They reach the launch; without them the page has its usual size."""
        self.begin("browser.run", {"script": []})
        self.begin(
            "browser.run",
            {
                "script": [],
                "width": 800,
                "height": 600,
                "headed": True,
                "extra_args": ["--lang=de"],
            },
        )
        self.assertEqual(
            [settings for _, settings in self.slot.scripts],
            [LaunchSettings(1280, 720), LaunchSettings(800, 600, True, ("--lang=de",))],
        )

    def test_bad_script(self) -> None:
        """It is refused before a browser is asked for, naming the field."""
        for script, words in (
            ([{"op": "navigate"}], "url"),
            ([{"op": "fly"}], "operations[0].op"),
            ({"operations": [], "more": 1}, "more"),
            ("{", ""),
        ):
            error = self.error("browser.run", {"script": script})
            self.assertEqual(error["code"], -32602)
            self.assertIn("parse script: ", error["message"])
            self.assertIn(words, error["message"])
        self.assertEqual(self.slot.scripts, [])

    def test_bad_launch_parameters(self) -> None:
        """The same for a size or flag that cannot be."""
        for params, words in (
            ({"width": 1}, "width must be"),
            ({"extra_args": ["--remote-debugging-port=1"]}, "the connection is the daemon's"),
        ):
            error = self.error("browser.run", {"script": [], **params})
            self.assertEqual(error["code"], -32602)
            self.assertIn(words, error["message"])
        self.assertEqual(self.slot.scripts, [])

    def test_failures(self) -> None:
        """Each failure of the browser has a code and a sentence."""
        for problem, code in (
            (BrowserBusy("browser is busy: 4 scripts waiting"), "busy"),
            (BrowserExited("browser exited (code 1): Oh"), "browser"),
        ):
            ran = self.begin("browser.run", {"script": []})
            self.slot.fail(problem)
            error = self.told(self.failureResultOf(ran))
            self.assertEqual((error["code"], error["data"]), (-32603, {"code": code}))
            self.assertEqual(error["message"], str(problem))

    def test_recorded(self) -> None:
        """The event tells what was done, marks what a page says, and holds nothing else."""
        ran = self.begin("browser.run", {"script": []})
        seen = {"url": "http://a/", "title": "T", "element_count": 0, "summary": "words"}
        self.slot.end(
            step("navigate", {"url": "http://a/"}),
            step("get_cookies", {"cookies": [{"value": "secret"}]}),
            step("observe", {**seen, "screenshot": {"data": "…"}}),
            step("click", error="no element 'x'; observe first"),
        )
        self.successResultOf(ran)
        ok = {"status": "ok", "duration_ms": 1.5}
        steps = [
            {"op": "navigate", **ok, "url": "http://a/"},
            {"op": "get_cookies", **ok},
            {"op": "observe", **ok, **seen, "untrusted": True},
            {"op": "click", **ok, "status": "error", "error": "no element 'x'; observe first"},
        ]
        self.assertEqual(self.recorded, [("browser_run", {"steps": steps})])

    def test_no_journal(self) -> None:
        """What cannot be recorded is not done."""
        self.refuse_journal()
        error = self.error("browser.run", {"script": []})
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "journal"}))
        self.assertEqual(self.slot.scripts, [])

    def test_cancelled(self) -> None:
        """A request that is given up gives the script up."""
        ran = self.begin("browser.run", {"script": []})
        script = self.slot.running[0]
        ran.cancel()
        self.failureResultOf(ran)
        self.assertTrue(script.called)


class DocumentationTests(SynchronousTestCase):
    """docs/browser.md, where scripts are described."""

    def test_operations(self) -> None:
        """Each operation has a row, which names all that it may say."""
        page = (Path(car.__file__).parents[1] / "docs" / "browser.md").read_text()
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        for name, record in OPERATIONS.items():
            (row,) = [row for row in rows if f"`{name}`" in row.split("|")[1]]
            for field in set(record.__struct_fields__) - {"timeout_ms"}:
                self.assertIn(f"`{field}`", row, name)


class CloseTests(BrowserCase):
    """browser.close"""

    def test_closed(self) -> None:
        """Whether there was one; closing twice is fine."""
        self.begin("browser.run", {"script": []})
        self.assertEqual(self.call("browser.close"), {"closed": True})
        self.assertEqual(self.call("browser.close"), {"closed": False})

    def test_never_used(self) -> None:
        """A session that never had one makes none for that."""
        self.session.browser = None
        self.assertEqual(self.call("browser.close", {}), {"closed": False})
        self.assertIsNone(self.session.browser)


class RegisterToolsTests(BrowserCase):
    """browser.register_tools"""

    def test_all(self) -> None:
        """All tools are there, run by the daemon, and on record."""
        names = [schema.name for schema in TOOLS]
        self.assertEqual(self.call("browser.register_tools"), {"tools": names})
        tools = self.session.runtime.tools
        self.assertEqual([schema.name for schema in tools.schemas()], sorted(names))
        self.assertIsInstance(tools.executor("browser_click"), BrowserToolExecutor)
        ((kind, data),) = self.recorded
        self.assertEqual(kind, "record_tools")
        self.assertEqual([schema["name"] for schema in data["registered"]], names)

    def test_some(self) -> None:
        """Only those that are asked for."""
        wanted = ["browser_observe", "browser_navigate"]
        self.call("browser.register_tools", {"tools": wanted})
        registered = [schema.name for schema in self.session.runtime.tools.schemas()]
        self.assertEqual(registered, sorted(wanted))

    def test_unknown(self) -> None:
        """A name that is none is told with those that are; nothing is registered then."""
        for field in ("tools", "approve"):
            error = self.error("browser.register_tools", {field: ["browser_fly"]})
            self.assertEqual(error["code"], -32602)
            self.assertIn(f"{field}: no browser tool 'browser_fly'; there are ", error["message"])
            self.assertIn("browser_observe", error["message"])
        self.assertEqual(self.session.runtime.tools.schemas(), [])

    def test_no_journal(self) -> None:
        """What cannot be recorded is not done."""
        self.refuse_journal()
        error = self.error("browser.register_tools")
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "journal"}))
        self.assertEqual(self.session.runtime.tools.schemas(), [])

    def test_wrong_params(self) -> None:
        """Params of other types are -32602."""
        self.assertWrongParams("browser.register_tools", {"width": 800, "headed": True})
