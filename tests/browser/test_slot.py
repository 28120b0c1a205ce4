"""Tests of car.browser.slot, with browsers that a test holds in its hands."""

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.browser.arguments import LaunchSettings
from car.browser.capacity import BrowserCapacity
from car.browser.errors import (
    BrowserBusy,
    BrowserExited,
    CdpError,
    LaunchFailed,
    ScriptTimeout,
)
from car.browser.process import BrowserProcess
from car.browser.slot import BrowserSlot
from tests.browser.doubles import FakeBrowser

SETTINGS = LaunchSettings()

Script = Callable[[str], Coroutine[Any, Any, str]]


class SlotTestCase(SynchronousTestCase):
    """A slot whose launches, pages and scripts wait for the test.

    ``launches`` holds the Deferreds of the launches, ``pages`` those of the pages.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.capacity = BrowserCapacity(2)
        self.launches: list[Deferred[BrowserProcess]] = []
        self.settings: list[LaunchSettings] = []
        self.pages: list[Deferred[str]] = []
        self.log: list[str] = []
        self.slot = self.make_slot()

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def make_slot(self) -> BrowserSlot[str]:
        """A slot with the test's launches and capacity."""

        def launch(reactor: object, settings: LaunchSettings) -> Deferred[BrowserProcess]:
            self.settings.append(settings)
            self.launches.append(Deferred())
            return self.launches[-1]

        def make_page(browser: BrowserProcess, settings: LaunchSettings) -> Deferred[str]:
            self.pages.append(Deferred())
            return self.pages[-1]

        return BrowserSlot(self.clock, make_page, self.capacity, launch=launch)

    def script(self, name: str, until: "Deferred[None] | None" = None) -> Script:
        """A script that logs its beginning, waits for *until*, and answers with its page."""

        async def perform(page: str) -> str:
            self.log.append(name)
            if until is not None:
                await until
            return f"{name} on {page}"

        return perform

    def run_script(self, name: str, until: "Deferred[None] | None" = None) -> "Deferred[str]":
        """Have the slot run such a script."""
        return self.slot.run(self.script(name, until), SETTINGS)

    def launched(self, *, is_slow: bool = False) -> FakeBrowser:
        """Let the last launch and its page succeed."""
        browser = FakeBrowser(is_slow=is_slow)
        self.launches[-1].callback(browser)
        self.pages[-1].callback(f"page {len(self.pages)}")
        return browser


class RunTests(SlotTestCase):
    """BrowserSlot.run: one browser, one script at a time."""

    def test_launched_once(self) -> None:
        """The first script launches, with its settings; later ones find the same page."""
        self.assertFalse(self.slot.is_open)
        settings = LaunchSettings(width=800)
        first = self.slot.run(self.script("first"), settings)
        self.assertNoResult(first)
        self.assertTrue(self.slot.is_open)
        self.launched()
        self.assertEqual(self.successResultOf(first), "first on page 1")
        second = self.slot.run(self.script("second"), LaunchSettings(width=900))
        self.assertEqual(self.successResultOf(second), "second on page 1")
        self.assertEqual(self.settings, [settings])

    def test_in_turn(self) -> None:
        """Scripts run in order of arrival, each after the end of the one before."""
        ends: list[Deferred[None]] = [Deferred() for _ in range(3)]
        tasks = [self.run_script(str(number), end) for number, end in enumerate(ends)]
        self.launched()
        for number, end in enumerate(ends):
            self.assertEqual(self.log, [str(each) for each in range(number + 1)])
            end.callback(None)
            self.successResultOf(tasks[number])

    def test_failing_script(self) -> None:
        """A script's own failure is the caller's; the next one runs with the same browser."""

        async def failing(page: str) -> str:
            raise CdpError("A.a", "no")

        failed = self.slot.run(failing, SETTINGS)
        self.launched()
        self.failureResultOf(failed, CdpError)
        self.assertEqual(self.successResultOf(self.run_script("next")), "next on page 1")

    def test_queue_full(self) -> None:
        """Beside the one that runs four may wait; the next is told so."""
        end: Deferred[None] = Deferred()
        tasks = [self.run_script("script", end)] + [self.run_script("next") for _ in range(4)]
        problem = self.failureResultOf(self.run_script("too many"), BrowserBusy).value
        self.assertEqual(str(problem), "browser is busy: 4 scripts waiting")
        self.launched()
        end.callback(None)
        for task in tasks:
            self.successResultOf(task)
        self.successResultOf(self.run_script("later"))

    def test_time_out(self) -> None:
        """A script that takes too long is cancelled; launching and waiting do not count."""
        cancelled: list[object] = []
        first = self.run_script("first", Deferred(cancelled.append))
        second = self.run_script("second", Deferred())
        self.clock.advance(200)
        self.launched()
        self.clock.advance(299.9)
        self.assertNoResult(first)
        self.clock.advance(0.1)
        problem = self.failureResultOf(first, ScriptTimeout).value
        self.assertEqual(str(problem), "the script took longer than 300 s")
        self.assertEqual(len(cancelled), 1)
        self.clock.advance(299.9)
        self.assertNoResult(second)
        self.clock.advance(0.1)
        self.failureResultOf(second, ScriptTimeout)

    def test_capacity(self) -> None:
        """The slots share what the machine has; one that is closed makes room."""
        slots = [self.slot, self.make_slot(), self.make_slot()]
        for slot in slots[:2]:
            slot.run(self.script("script"), SETTINGS)
            self.launched()
        refused = slots[2].run(self.script("script"), SETTINGS)
        self.failureResultOf(refused, BrowserBusy)
        self.successResultOf(slots[0].close())
        slots[2].run(self.script("script"), SETTINGS)
        self.assertEqual((len(self.launches), self.capacity.live), (3, 2))


class LaunchTests(SlotTestCase):
    """A launch, or the making of a page, that does not succeed."""

    def test_failed(self) -> None:
        """A failed launch is the script's failure; the next script tries again."""
        first, second = self.run_script("first"), self.run_script("second")
        self.launches[0].errback(LaunchFailed("no"))
        self.failureResultOf(first, LaunchFailed)
        self.launched()
        self.assertEqual(self.successResultOf(second), "second on page 1")
        self.assertEqual(self.capacity.live, 1)

    def test_no_page(self) -> None:
        """Without a page the browser is closed before the script fails, with what was wrong."""
        task = self.run_script("script")
        browser = FakeBrowser(is_slow=True)
        self.launches[0].callback(browser)
        self.pages[0].errback(CdpError("A.a", "no"))
        self.assertNoResult(task)
        browser.end(BrowserExited("browser exited (code 0)"))
        self.failureResultOf(task, CdpError)
        self.assertEqual((self.capacity.live, self.slot.is_open), (0, False))

    def test_ended_before_its_page(self) -> None:
        """A browser that ends while its page is made fails the script."""
        task = self.run_script("script")
        browser = FakeBrowser()
        self.launches[0].callback(browser)
        browser.end(BrowserExited("browser exited (signal 9)"))
        problem = self.failureResultOf(task, BrowserExited).value
        self.assertEqual(str(problem), "browser exited (signal 9)")
        self.assertEqual((self.capacity.live, self.slot.is_open), (0, False))

    def test_cancelled(self) -> None:
        """Cancelling the script that launches cancels the launch."""
        task = self.run_script("script")
        task.cancel()
        self.failureResultOf(task, CancelledError)
        self.assertTrue(self.launches[0].called)
        self.assertEqual((self.capacity.live, self.slot.is_open), (0, False))


class CrashTests(SlotTestCase):
    """A browser that ends by itself."""

    def test_running(self) -> None:
        """The script that runs fails with the end, whatever it waits for; the next launches."""
        first, second = self.run_script("first", Deferred()), self.run_script("second")
        self.launched().end(BrowserExited("browser exited (code 3): boom", 3))
        problem = self.failureResultOf(first, BrowserExited).value
        self.assertEqual(str(problem), "browser exited (code 3): boom")
        self.assertEqual(len(self.launches), 2)
        self.launched()
        self.assertEqual(self.successResultOf(second), "second on page 2")
        self.assertEqual(self.capacity.live, 1)

    def test_swallowed(self) -> None:
        """A script that takes the end for a step's failure fails all the same."""
        gone: Deferred[None] = Deferred()
        task = self.run_script("script", gone)
        browser = self.launched()
        browser.listeners.insert(0, lambda reason: gone.callback(None))
        browser.end(BrowserExited("browser exited (signal 11)", -11))
        self.failureResultOf(task, BrowserExited)

    def test_idle(self) -> None:
        """Between scripts nobody is told; the next script launches anew."""
        first = self.run_script("first")
        self.launched().end(BrowserExited("browser exited (signal 9)", -9))
        self.successResultOf(first)
        self.assertEqual((self.capacity.live, self.slot.is_open), (0, False))
        second = self.run_script("second")
        self.launched()
        self.assertEqual(self.successResultOf(second), "second on page 2")


class CancelTests(SlotTestCase):
    """Scripts that are given up."""

    def test_waiting(self) -> None:
        """One that waits leaves the queue; the others move up."""
        end: Deferred[None] = Deferred()
        tasks = [self.run_script("first", end), self.run_script("gone"), self.run_script("last")]
        self.launched()
        tasks[1].cancel()
        self.failureResultOf(tasks[1], CancelledError)
        end.callback(None)
        self.assertEqual(self.log, ["first", "last"])
        self.assertEqual(self.successResultOf(tasks[2]), "last on page 1")

    def test_running(self) -> None:
        """One that runs is cancelled where it waits; the browser lives on."""
        task = self.run_script("first", Deferred())
        self.launched()
        task.cancel()
        self.failureResultOf(task, CancelledError)
        self.assertEqual(self.successResultOf(self.run_script("next")), "next on page 1")


class CloseTests(SlotTestCase):
    """BrowserSlot.close: from each state."""

    def test_empty(self) -> None:
        """Closing nothing says so, as often as one likes."""
        self.assertFalse(self.successResultOf(self.slot.close()))
        self.assertFalse(self.successResultOf(self.slot.close()))

    def test_ready(self) -> None:
        """An idle browser is closed; it fires when that is gone, and the next launches anew."""
        self.run_script("script")
        browser = self.launched(is_slow=True)
        closed = self.slot.close()
        self.assertNoResult(closed)
        browser.end(BrowserExited("browser exited (code 0)", 0))
        self.assertTrue(self.successResultOf(closed))
        self.assertEqual((self.capacity.live, self.slot.is_open), (0, False))
        self.assertFalse(self.successResultOf(self.slot.close()))

    def test_busy(self) -> None:
        """The script that runs and those that wait fail with the reason; none of them begins."""
        tasks = [self.run_script("first", Deferred()), *map(self.run_script, ("second", "third"))]
        self.launched()
        self.assertTrue(self.successResultOf(self.slot.close()))
        for task in tasks:
            problem = self.failureResultOf(task, BrowserExited).value
            self.assertEqual(str(problem), "the browser was closed")
        self.assertEqual((self.log, len(self.launches)), (["first"], 1))

    def test_launching(self) -> None:
        """A launch is cancelled, and waited for."""
        gone: Deferred[None] = Deferred()

        async def launch() -> BrowserProcess:
            try:
                return await Deferred()
            except CancelledError:
                await gone
                raise

        self.slot._launch = lambda reactor, settings: Deferred.fromCoroutine(launch())
        task = self.run_script("script")
        closed = self.slot.close()
        self.assertNoResult(closed)
        gone.callback(None)
        self.assertTrue(self.successResultOf(closed))
        self.failureResultOf(task, BrowserExited)
        self.assertEqual(self.capacity.live, 0)

    def test_stubborn_script(self) -> None:
        """A script that will not be cancelled loses its browser at once, and so its ground."""
        held: Deferred[None] = Deferred()

        async def stubborn(page: str) -> str:
            try:
                await Deferred()
            except CancelledError:
                await held
            return "done"

        task = self.slot.run(stubborn, SETTINGS)
        browser = self.launched()
        closed = self.slot.close()
        self.assertIsNotNone(browser.ended)
        held.callback(None)
        self.assertTrue(self.successResultOf(closed))
        self.failureResultOf(task, BrowserExited)

    def test_meanwhile(self) -> None:
        """A script that comes while the browser is closed gets a new one after that."""
        self.run_script("first")
        browser = self.launched(is_slow=True)
        closed = self.slot.close()
        task = self.run_script("second")
        self.assertEqual(len(self.launches), 1)
        browser.end(BrowserExited("browser exited (code 0)", 0))
        self.assertTrue(self.successResultOf(closed))
        self.launched()
        self.assertEqual(self.successResultOf(task), "second on page 2")
