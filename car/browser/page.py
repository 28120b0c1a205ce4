"""The page that a script drives: the browser's tabs, the current one first of all.

New tabs become current, up to a number; dialogs are answered, downloads kept; elements keep
their ids.  What is done in a page is the business of ``operations``; here is what they stand
on: the current tab, waiting for what the browser tells, and the one step that is running.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from car.browser.arguments import LaunchSettings
from car.browser.cdp import CdpConnection
from car.browser.dialogs import Dialogs
from car.browser.downloads import MOST_BYTES, Downloads
from car.browser.elements import Elements
from car.browser.errors import BrowserError, CdpError, StepError, TabClosed
from car.browser.frames import BLANK
from car.browser.notes import Notes
from car.browser.process import BrowserProcess
from car.browser.tab import Command, Tab
from car.ir.json import JsonObject

MOST_TABS = 8
"""Tabs of one browser; more are closed as they open [ours]."""

_MOST_URL = 500

_CRASHED = "the page has crashed; navigate loads another"

STUCK_SECONDS = 2.0
"""For a page to answer anything at all, after a step took too long [ours]."""


class PageRules(Struct, frozen=True):
    """What scripts may do.

    ``uploads`` is the directory that files may be uploaded from by path; without one only those
    in the downloads and those given with the script can be.
    """

    allow_file: bool = False
    allow_evaluate: bool = False
    uploads: Path | None = None
    most_download_bytes: int = MOST_BYTES


class Page:
    """The tabs of the browser behind *connection*; *downloads* go into that directory.

    *size* is the width and height of each page in CSS pixels; None: those of its window.
    """

    def __init__(
        self,
        connection: CdpConnection,
        clock: IReactorTime,
        downloads: Path,
        rules: PageRules,
        size: tuple[int, int] | None,
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.directory = downloads
        self.elements = Elements()
        self.notes = Notes()
        self.dialogs = Dialogs(self.notes, self._leave_behind)
        self.downloads = Downloads(connection, downloads, self.notes, rules.most_download_bytes)
        self.tabs: list[Tab] = []
        self.headers: dict[str, str] = {}
        self.url_before = BLANK  # this and the next: as the last step began
        self.downloads_before = 0
        self.chooser: tuple[Tab, str, JsonObject] | None = None
        self.connection = connection
        self._size = size
        self._current: Tab | None = None
        self._hidden: Deferred[Tab] | None = None  # waits for a tab of ours
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []
        self._running: Deferred[Any] | None = None
        self._trouble: StepError | None = None
        self._suspect: Tab | None = None  # the tab of a step that took too long
        self.has_left_behind = False  # by this step: a tab that was about to have another page
        self._opened: Tab | None = None  # the last that a page opened

    @property
    def tab(self) -> Tab:
        """The current tab; raises StepError if its page has crashed or there is none."""
        if self._current is None:
            raise StepError("no tab is open; navigate opens one")
        if self._current.has_crashed:
            raise StepError(_CRASHED)
        return self._current

    @property
    def current(self) -> Tab | None:
        """The current tab, crashed or not; None where none is open."""
        return self._current

    @property
    def url(self) -> str:
        """Where the current tab is."""
        return self._current.frames.main.url if self._current is not None else BLANK

    async def open(self) -> None:
        """Attach to the browser's tabs; there is one when this returns.  Raises BrowserError."""
        self.connection.listen(None, self._event)
        await self.downloads.open()
        await self.call(
            "Target.setAutoAttach",
            {
                "autoAttach": True,
                "waitForDebuggerOnStart": True,
                "flatten": True,
                "filter": [{"type": "page"}],
            },
        )
        await self.any_tab()
        self.notes.take()

    async def any_tab(self) -> Tab:
        """The current tab, crashed or not; a new one where there is none."""
        tab = self._current if self._current is not None else await self._opened_tab()
        await self.until(lambda: tab.ready.called)
        return tab

    async def _opened_tab(self) -> Tab:
        """A new tab, which is the current one."""
        target = (await self.call("Target.createTarget", {"url": BLANK}))["targetId"]
        await self.until(lambda: any(tab.target == target for tab in self.tabs))
        return next(tab for tab in self.tabs if tab.target == target)

    async def answering_tab(self) -> Tab:
        """The current tab, in which a page can be loaded; a new one if it is stuck.

        A page whose scripts or layout never end would hold up the next one, and so does one that
        was left behind with a dialog.
        """
        if self.has_left_behind:
            self.has_left_behind = False
            await self._opened_tab()
        tab = await self.any_tab()
        if tab.asked_outside is not None:
            self._give_up(tab)
            tab = await self._opened_tab()
        if tab is self._suspect and not tab.has_crashed:
            answer = tab.send("Runtime.evaluate", {"expression": "0"})
            if not await self.within(STUCK_SECONDS, answer):
                self._give_up(tab)
                await self._opened_tab()
        self._suspect = None
        return await self.any_tab()

    async def hidden_tab(self) -> Tab:
        """A tab of our own, which never becomes current; close it with ``close_target``."""
        opened = self._hidden = Deferred()
        try:
            await self.call("Target.createTarget", {"url": BLANK, "background": True})
            tab = await opened
        finally:
            self._hidden = None
        await self.until(lambda: tab.ready.called)
        return tab

    async def close_target(self, tab: Tab) -> None:
        """Close a tab."""
        await self.call("Target.closeTarget", {"targetId": tab.target})
        tab.close()

    def take_notes(self) -> JsonObject:
        """What happened since the last time; see ``notes``."""
        noted = self.notes.take()
        if noted.pop("opened_tab", None) is not None and self._opened in self.tabs:
            number, url = self.tabs.index(self._opened), self._opened.frames.main.url
            noted["opened_tab"] = {"tab": number, "url": url}
        return noted

    def call(self, method: str, params: JsonObject | None = None) -> Deferred[JsonObject]:
        """Ask the browser itself; fails as ``CdpConnection.call``."""
        return self.connection.call(method, params)

    def switch_to(self, tab: Tab) -> None:
        """Make *tab* the current one, in front."""
        self._current = tab
        tab.send("Page.bringToFront")

    async def until_in(self, tab: Tab, is_so: Callable[[], bool]) -> None:
        """Return once *is_so*; raises TabClosed when *tab* closes before."""
        await self.until(lambda: tab.is_closed or is_so())
        if tab.is_closed:
            raise TabClosed("the tab was closed before its page was there")

    def until(self, is_so: Callable[[], bool]) -> Deferred[None]:
        """Fire once *is_so*, which is looked at after each event; never fails by itself."""
        if is_so():
            done: Deferred[None] = Deferred()
            done.callback(None)
            return done
        entry: tuple[Callable[[], bool], Deferred[None]]
        entry = (is_so, Deferred(lambda _: self._waiting.remove(entry)))
        self._waiting.append(entry)
        return entry[1]

    def sleep(self, seconds: float) -> Deferred[None]:
        """Fire after so long."""
        return deferLater(self.clock, seconds, lambda: None)

    async def within(self, seconds: float, waiting: Deferred[None]) -> bool:
        """Whether *waiting* has fired within *seconds*; else it is cancelled."""
        late: list[bool] = []

        def too_late(_result: object, _seconds: float) -> None:
            late.append(True)

        await waiting.addTimeout(seconds, self.clock, too_late)
        return not late

    async def run(
        self, work: "Coroutine[Any, Any, JsonObject]", seconds: float, too_late: str
    ) -> JsonObject:
        """Do one step's *work*; its data.

        Raises StepError(*too_late*) after *seconds*, or what the page did to be stopped.
        Cancelling cancels the work.
        """
        self._trouble = None
        self.has_left_behind = False
        self.chooser = None
        self.dialogs.begin_step()
        running = self._running = Deferred.fromCoroutine(work)
        timer = self.clock.callLater(seconds, self._too_late, StepError(too_late))
        try:
            data: JsonObject = await running
            return data
        except (CancelledError, CdpError):
            if self._trouble is None:
                raise
            raise self._trouble from None
        finally:
            self._running = None
            if timer.active():
                timer.cancel()

    def dialog_opened(self, tab: Tab, session: str, dialog: JsonObject) -> None:
        """Answer it (ITabOwner)."""
        trouble = self.dialogs.opened(tab, session, dialog)
        if trouble is not None:
            self._trouble = trouble
            self._give_up(tab)

    def chooser_opened(self, tab: Tab, session: str, chooser: JsonObject) -> None:
        """Remember it for ``upload_file`` (ITabOwner)."""
        self.chooser = (tab, session, chooser)
        self.notes.put("file_chooser", "opened; use upload_file on the element that opens it")

    def asked_outside(self, url: str) -> None:
        """Tell the step (ITabOwner)."""
        self.notes.put("asked_outside", url[:_MOST_URL])

    def crashed(self, tab: Tab) -> None:
        """Fail the step that was at work there (ITabOwner)."""
        if tab is self._current and self._running is not None:
            self._trouble = StepError(_CRASHED)

    def changed(self) -> None:
        """See who waited for this, and whether the step is to end (ITabOwner)."""
        if self._trouble is not None:
            self._stop_step(self._trouble)
        for entry in list(self._waiting):
            is_so, waiting = entry
            if entry in self._waiting and is_so():
                self._waiting.remove(entry)
                waiting.callback(None)

    def at_once(self) -> list[Command]:
        """What each session of a tab begins with."""
        commands: list[Command] = []
        if self._size is not None:
            width, height = self._size
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            commands.append(("Emulation.setDeviceMetricsOverride", metrics))
        if self.headers:
            commands.append(("Network.setExtraHTTPHeaders", {"headers": self.headers}))
        return commands

    def _too_late(self, trouble: StepError) -> None:
        self._suspect = self._current
        self._stop_step(trouble)

    def _stop_step(self, trouble: StepError) -> None:
        running, self._running = self._running, None
        if running is not None:
            self._trouble = trouble
            running.cancel()

    def _event(self, method: str, params: JsonObject) -> None:
        """The browser tells of something."""
        if method == "Target.attachedToTarget":
            self._tab_opened(params["sessionId"], params["targetInfo"])
        elif method == "Target.detachedFromTarget":
            self._tab_gone(params["sessionId"])
        elif method == "Browser.downloadWillBegin":
            self.downloads.began(params)
        elif method == "Browser.downloadProgress":
            self.downloads.progressed(params)
        else:
            return
        self.changed()

    def _tab_opened(self, session: str, info: JsonObject) -> None:
        target = info["targetId"]
        hidden = self._hidden
        if hidden is not None and "openerId" not in info:
            self._hidden = None  # the next is not ours
            hidden.callback(self._new_tab(target, session))
            return
        if len(self.tabs) >= MOST_TABS:
            self.notes.count("tabs_refused")
            # Until it has run, who opened it stands still.
            running = self.connection.call("Runtime.runIfWaitingForDebugger", session=session)
            closed = self.call("Target.closeTarget", {"targetId": target})
            for each in (running, closed):
                each.addErrback(_gone_already)
            return
        self._current = self._opened = self._new_tab(target, session)
        self.tabs.append(self._current)
        self.notes.put("opened_tab", {})

    def _new_tab(self, target: str, session: str) -> Tab:
        tab = Tab(self.connection, self, target, session, self.at_once)
        tab.ready.addCallback(lambda _: self.changed())
        return tab

    def _tab_gone(self, session: str) -> None:
        tab = next((tab for tab in self.tabs if tab.session == session), None)
        if tab is not None:
            self.notes.count("closed_tabs")
            self._forget(tab)

    def _give_up(self, tab: Tab) -> None:
        """Close a tab whose page cannot be used any more, without waiting for it."""
        self.call("Target.closeTarget", {"targetId": tab.target}).addErrback(_gone_already)
        self._forget(tab)

    def _leave_behind(self, tab: Tab) -> None:
        """Close a tab that is stuck between two pages; who waits for the second is told."""
        self.has_left_behind = self.has_left_behind or tab is self._current
        self.notes.count("closed_tabs")
        self._give_up(tab)
        self.changed()

    def _forget(self, tab: Tab) -> None:
        """A tab is gone; what was asked of it fails."""
        self.tabs.remove(tab)
        if tab is self._current:
            self._current = None
            if self.tabs:
                self.switch_to(self.tabs[-1])
        tab.close()


def _gone_already(failure: Failure) -> None:
    failure.trap(BrowserError)


async def open_page(
    browser: BrowserProcess, launched: LaunchSettings, clock: IReactorTime, rules: PageRules
) -> Page:
    """The page of a browser that was just launched, ready for a script.

    Raises BrowserError.  Cancelling leaves the browser to its owner.
    """
    page = Page(
        browser.connection,
        clock,
        browser.downloads,
        rules,
        None if launched.headed else (launched.width, launched.height),
    )
    await page.open()
    return page
