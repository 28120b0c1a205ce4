"""A browser and a site for a test, and scripts run against them."""

import re
from typing import Any, ClassVar

from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.browser.arguments import LaunchSettings
from car.browser.page import PageRules, open_page
from car.browser.process import launch
from car.browser.script import parse_script
from car.browser.steps import Step, run_script
from car.ir.json import JsonObject
from tests.browser.needed import extra_args, need_browser
from tests.browser.site import LocalSite


class PageTestCase(TestCase):
    """Each test has a browser, its ``page``, and a ``site`` to drive it through.

    Trial closes what the reactor reads after each test, so that none can be shared.
    """

    timeout = 60
    rules: ClassVar[PageRules] = PageRules()
    extra: ClassVar[tuple[str, ...]] = ()

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        need_browser()
        reactor = the_reactor()
        self.site = LocalSite(reactor)
        self.addCleanup(self.site.port.stopListening)
        settings = LaunchSettings(extra_args=(*extra_args(), *self.extra))
        self.browser = await launch(reactor, settings)
        self.addCleanup(self.browser.close)
        self.page = await open_page(self.browser, settings, reactor, self.rules)

    async def run_steps(self, *operations: JsonObject) -> list[Step]:
        """Run a script; its steps."""
        return (await run_script(self.page, parse_script(list(operations)))).steps

    async def run_ok(self, *operations: JsonObject) -> list[Any]:
        """Run a script whose steps all succeed; their data."""
        steps = await self.run_steps(*operations)
        self.assertEqual([step.error for step in steps], [None] * len(operations))
        return [step.data for step in steps]

    async def run_failing(self, *operations: JsonObject) -> str:
        """Run a script whose last step fails; what it says."""
        steps = await self.run_steps(*operations)
        self.assertEqual(len(steps), len(operations), steps)
        last = steps[-1]
        assert last.error is not None, last
        self.assertEqual(last.status, "error")
        return last.error

    async def go(self, path: str) -> "Seen":
        """Open a page of the site and observe it."""
        _, data = await self.run_ok(
            {"op": "navigate", "url": self.site.url(path)}, {"op": "observe"}
        )
        return Seen(data)

    async def look(self) -> "Seen":
        """Observe."""
        (data,) = await self.run_ok({"op": "observe"})
        return Seen(data)


class Seen:
    """What a page was observed to be."""

    def __init__(self, data: JsonObject) -> None:
        self.data = data
        self.summary: str = data["summary"]
        self.text, _, self.elements = self.summary.partition("\n\n")

    def id(self, listed: str) -> str:
        """The id of the element that is listed so, as ``button "Sign in"``."""
        found = re.search(rf"\[(el_\d+)\] {re.escape(listed)}", self.summary)
        assert found is not None, f"{listed} is not in {self.summary}"
        return found[1]
