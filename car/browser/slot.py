"""One connection's browser: launched by the first script, shared by the later ones, closed.

Scripts run one at a time, in order of arrival.  A browser that ends by itself empties the slot:
the script that ran fails, the next one launches anew.  What a script does with the page is its
own affair (``steps``); a slot knows neither.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, fail

from car.browser.arguments import LaunchSettings
from car.browser.capacity import BrowserCapacity
from car.browser.errors import BrowserBusy, BrowserExited, ScriptTimeout
from car.browser.process import BrowserProcess, launch

SCRIPT_SECONDS = 300.0
"""How long a whole script may take, launching and waiting for its turn left out."""

MAX_WAITING = 4
"""How many scripts may wait while one runs; both from ``subsystem-browser.md``."""

PageT = TypeVar("PageT")
ResultT = TypeVar("ResultT")

Launch = Callable[[Any, LaunchSettings], "Deferred[BrowserProcess]"]
MakePage = Callable[[BrowserProcess, LaunchSettings], Awaitable[PageT]]
"""What makes a page of a browser that has just been launched."""


class _Job:
    """A script that waits or runs; ``reason`` is what put an end to it from outside."""

    def __init__(self) -> None:
        self.reason: BrowserExited | None = None
        self.task: Deferred[Any] | None = None

    def stop(self, reason: BrowserExited) -> None:
        """Have the script fail with *reason*, unless it has another already."""
        self.reason = self.reason or reason
        if self.task is not None:
            self.task.cancel()


class BrowserSlot(Generic[PageT]):
    """At most one browser, and the scripts that use it.

    *reactor* provides IReactorTime, IReactorProcess and IReactorThreads.  *make_page* is awaited
    for each browser that is launched.  *capacity* is shared by all slots of the process.
    """

    def __init__(
        self,
        reactor: Any,
        make_page: MakePage[PageT],
        capacity: BrowserCapacity,
        *,
        launch: Launch = launch,
        script_seconds: float = SCRIPT_SECONDS,
    ) -> None:
        self._reactor = reactor
        self._make_page = make_page
        self._capacity = capacity
        self._launch = launch
        self._script_seconds = script_seconds
        self._turn = DeferredLock()
        self._jobs: list[_Job] = []
        self._running: _Job | None = None
        self._browser: BrowserProcess | None = None
        self._page: PageT | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a browser, or one is being launched."""
        return self._browser is not None or self._running is not None

    def run(
        self,
        script: Callable[[PageT], Coroutine[Any, Any, ResultT]],
        settings: LaunchSettings,
    ) -> "Deferred[ResultT]":
        """Run *script* with the page when its turn comes; fire with what it returns.

        *settings* count when this launches the browser.  Fails with what the script raises;
        with BrowserBusy when too many wait, or too many browsers live; with what ``launch`` fails
        with; with ScriptTimeout; with BrowserExited when the browser ends meanwhile, by itself or
        through ``close``.  Cancelling takes the script out of the queue, or cancels what it waits
        for; a browser that was being launched for it is ended, one that it used lives on.
        """
        if len(self._jobs) > MAX_WAITING:
            return fail(BrowserBusy(f"browser is busy: {MAX_WAITING} scripts waiting"))
        job = _Job()
        self._jobs.append(job)
        task = Deferred.fromCoroutine(self._run(job, script, settings))
        job.task = task
        return task

    def close(self) -> "Deferred[bool]":
        """End the browser and the scripts that run or wait for it.

        Fires when nothing is left of it: with whether there was one.  A script that arrives
        meanwhile waits for that, and launches a new browser.
        """
        was_open = self.is_open
        reason = BrowserExited("the browser was closed")
        for job in reversed(list(self._jobs)):  # the last first, so that none moves up
            job.stop(reason)
        if self._browser is not None:
            self._browser.close()  # now, whatever the script does with its cancellation
        return Deferred.fromCoroutine(self._close(was_open))

    async def _run(
        self,
        job: _Job,
        script: Callable[[PageT], Coroutine[Any, Any, ResultT]],
        settings: LaunchSettings,
    ) -> ResultT:
        """Wait for the turn of *job*, then run its script."""
        try:
            await self._turn.acquire()
            self._running = job
            try:
                return await self._perform(script, settings)
            finally:
                self._running = None
                self._turn.release()
        except CancelledError:
            if job.reason is not None:
                raise job.reason from None
            raise
        finally:
            self._jobs.remove(job)

    async def _perform(
        self, script: Callable[[PageT], Coroutine[Any, Any, ResultT]], settings: LaunchSettings
    ) -> ResultT:
        """Run *script* with the page, in time; a browser that ended meanwhile fails it."""
        browser, page = await self._opened(settings)
        performing = Deferred.fromCoroutine(script(page))
        result = await performing.addTimeout(self._script_seconds, self._reactor, _too_late)
        if browser.ended is not None:
            raise browser.ended
        return result

    async def _opened(self, settings: LaunchSettings) -> tuple[BrowserProcess, PageT]:
        """The browser and its page, launched if there is none."""
        if self._browser is not None and self._page is not None:
            return self._browser, self._page
        self._capacity.take()
        try:
            browser = await self._launch(self._reactor, settings)
        except BaseException:
            self._capacity.release()
            raise
        self._browser = browser
        browser.on_end(lambda reason: self._has_ended(browser, reason))
        try:
            page = await self._make_page(browser, settings)
        except BaseException:
            await browser.close()
            raise
        if browser.ended is not None:
            raise browser.ended
        self._page = page
        return browser, page

    async def _close(self, was_open: bool) -> bool:
        """Wait for the scripts' end, then for the browser's."""
        await self._turn.acquire()
        try:
            if self._browser is not None:
                await self._browser.close()
        finally:
            self._turn.release()
        return was_open

    def _has_ended(self, browser: BrowserProcess, reason: BrowserExited) -> None:
        """The browser is gone: the slot is empty, and the script that it surprised fails."""
        self._browser = self._page = None
        self._capacity.release()
        if self._running is not None and not browser.is_closing:
            self._running.stop(reason)


def _too_late(_result: object, seconds: float) -> Any:
    raise ScriptTimeout(f"the script took longer than {seconds:g} s")
