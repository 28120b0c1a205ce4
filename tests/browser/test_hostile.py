"""Tests of pages that mean harm: the daemon stays quick, the step tells, the browser lives."""

import gc
import time
from typing import ClassVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import LoopingCall

from car.browser import page
from car.browser.dialogs import MOST_IN_A_STEP
from car.browser.errors import CdpError
from car.browser.page import MOST_TABS, PageRules
from car.ir.json import JsonObject
from tests.browser.driving import PageTestCase

TICK_SECONDS = 0.005

MOST_STALL_SECONDS = 0.025
"""What the reactor may work without a pause; time that others have of the processor is not it."""


class Pulse:
    """Measures the longest time for which the reactor's thread did nothing else."""

    def __init__(self) -> None:
        gc.collect()
        self._longest = 0.0
        self._last = time.thread_time()
        self._call = LoopingCall(self._beat)
        self._call.start(TICK_SECONDS)

    def stop(self) -> float:
        """The longest stall in seconds."""
        self._call.stop()
        return self._longest

    def _beat(self) -> None:
        now = time.thread_time()
        self._longest = max(self._longest, now - self._last)
        self._last = now


class LargePageTests(PageTestCase):
    """Pages of any size"""

    async def test_large(self) -> None:
        """What is listed of a large page begins where the window does."""
        seen = await self.go("/large")
        self.assertEqual(seen.data["title"], "Large")
        self.assertEqual(seen.data["element_count"], 200)
        self.assertLessEqual(len(seen.summary), 20_000)
        self.assertIn("(paragraph) Paragraph 0\n", seen.text)
        self.assertIn(
            "\n\nLeft out: 2800 more elements and more text; scroll and observe again for them.",
            seen.summary,
        )
        button = seen.id('button "Button 50"')
        await self.run_ok({"op": "click", "element_id": button}, {"op": "scroll", "delta_y": 5000})
        after = await self.look()
        self.assertNotIn("Paragraph 0\n", after.text)
        later = after.id('button "Button 200"')
        await self.run_ok({"op": "click", "element_id": later})
        self.assertEqual((await self.look()).id('button "Button 200"'), later)

    async def test_huge(self) -> None:
        """100 MB of elements: the page is told all the same, and the reactor keeps its pace."""
        pulse = Pulse()
        seen = await self.go("/huge")
        self.assertIn("(heading) Still here", seen.text)
        button = seen.id('button "First"')
        await self.run_ok({"op": "click", "element_id": button})
        self.assertLess(pulse.stop(), MOST_STALL_SECONDS)

    async def test_label(self) -> None:
        """50 MB in one attribute: told without it, or not at all, but in time."""
        await self.run_ok({"op": "navigate", "url": self.site.url("/label")})
        pulse = Pulse()
        (step,) = await self.run_steps({"op": "observe", "timeout_ms": 3000})
        self.assertLess(len(str(step.data)), 30_000)
        self.assertLess(pulse.stop(), MOST_STALL_SECONDS)
        await self.go("/second")


class DialogLoopTests(PageTestCase):
    """Pages that open dialogs without end"""

    async def test_loops(self) -> None:
        """After so many in a step the page is closed; navigate opens another."""
        for name, message in (("Loop", "again"), ("Timer", "tick")):
            seen = await self.go("/alerts")
            steps = await self.run_steps(
                {"op": "click", "element_id": seen.id(f'button "{name}"')},
                {"op": "wait", "condition": "time", "value": 5000},
            )
            last = steps[-1]
            self.assertEqual(
                last.error,
                f"the page opened more than {MOST_IN_A_STEP} dialogs in a row (the last: alert"
                f" '{message}'); it was closed",
            )
            assert last.data is not None
            self.assertEqual(len(last.data["dialogs"]), MOST_IN_A_STEP)
            self.assertEqual(
                await self.run_failing({"op": "observe"}), "no tab is open; navigate opens one"
            )
        await self.go("/second")
        targets = (await self.page.call("Target.getTargets"))["targetInfos"]
        self.assertEqual([each["url"] for each in targets], [self.site.url("/second")])


class DialogTextTests(PageTestCase):
    """Dialogs with texts that cannot be read as they are"""

    async def test_answered(self) -> None:
        """One of 70 MB and one with half a character are answered, and the page goes on."""
        seen = await self.go("/prompts")
        long, half = (seen.id(f'button "{name}"') for name in ("Long", "Half"))
        told, answered = await self.run_ok(
            {"op": "click", "element_id": long},
            {"op": "wait", "condition": "text", "value": "asked null"},
        )
        dialogs = [*told.get("dialogs", ()), *answered.get("dialogs", ())]
        self.assertEqual(dialogs, [{"type": "unknown", "message": "", "accepted": False}])
        (told, _) = await self.run_ok(
            {"op": "click", "element_id": half},
            {"op": "wait", "condition": "text", "value": "told"},
        )
        self.assertEqual(told["dialogs"][0]["message"], "half \ufffd")


class LeftBehindTests(PageTestCase):
    """A page whose dialog cannot be answered any more"""

    async def test_navigate(self) -> None:
        """The tab is given up at once, and navigate loads its page in a new one."""
        await self.go("/alerts")
        before = self.page.tab
        navigating = Deferred.fromCoroutine(
            self.run_ok({"op": "navigate", "url": self.site.url("/pause?0.5")})
        )
        await self.page.until(lambda: before.is_leaving)
        refusal = CdpError("Page.handleJavaScriptDialog", "Not attached to an active page")
        self.patch(before, "call", lambda *what: fail(refusal))
        self.page.dialog_opened(before, before.session, {"type": "alert", "message": "tick"})
        (data,) = await navigating
        self.assertEqual(data["url"], self.site.url("/pause?0.5"))
        self.assertEqual(data["closed_tabs"], 1)
        self.assertIsNot(self.page.tab, before)
        self.assertEqual(self.page.tabs, [self.page.tab])


class StuckTests(PageTestCase):
    """Pages that do not answer any more"""

    async def test_endless_loop(self) -> None:
        """A step on a page that is stuck ends in time; navigate gets away from it."""
        self.patch(page, "STUCK_SECONDS", 0.5)
        seen = await self.go("/stuck")
        click = {"op": "click", "element_id": seen.id('button "Stick"'), "timeout_ms": 300}
        self.assertEqual(await self.run_failing(click), "click took longer than 0.3 s")
        self.assertEqual(
            await self.run_failing({"op": "observe", "timeout_ms": 300}),
            "observe took longer than 0.3 s",
        )
        self.assertEqual((await self.go("/second")).data["title"], "Second")


class DownloadBombTests(PageTestCase):
    """Downloads without end"""

    rules: ClassVar[PageRules] = PageRules(most_download_bytes=1_000_000)

    async def test_cancelled(self) -> None:
        """A download that would be too much is cancelled; nothing of it is kept."""
        seen = await self.go("/files")
        steps: list[JsonObject] = await self.run_ok(
            {"op": "click", "element_id": seen.id('link "Bomb"')},
            {"op": "wait", "condition": "download", "timeout_ms": 10_000},
        )
        (ended,) = (
            each for step in steps for each in step.get("downloads", ()) if each["state"] != "began"
        )
        self.assertEqual(ended["state"], "canceled")
        self.assertEqual(ended["reason"], "more than 1000000 bytes in all")
        self.assertNotIn("path", ended)
        for _ in range(40):  # the browser removes it in its own time
            if list(self.browser.downloads.iterdir()):
                await self.page.sleep(0.05)
        self.assertEqual(list(self.browser.downloads.iterdir()), [])


class WindowTests(PageTestCase):
    """Windows without end"""

    extra = ("--disable-popup-blocking",)

    async def test_many(self) -> None:
        """A page that opens thirty windows gets a few, and the step says so."""
        seen = await self.go("/windows")
        (data,) = await self.run_ok({"op": "click", "element_id": seen.id('button "Open"')})
        self.assertEqual(data["tabs_refused"], 30 - (MOST_TABS - 1))
        self.assertEqual(len(self.page.tabs), MOST_TABS)
        await self.go("/second")
