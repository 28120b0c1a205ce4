"""After an input: waiting until what it set off has happened.

A click may lead to another page or open a tab.  The step ends when that is there to be
observed, so that a script need not guess how long it takes; what takes longer than a moment
is left to ``wait``.
"""

from contextlib import suppress

from car.browser import in_page
from car.browser.errors import CdpError, StepError
from car.browser.frames import BLANK
from car.browser.page import Page
from car.browser.tab import Tab, gather
from car.browser.world import call_in
from car.ir.json import JsonObject

SETTLE_SECONDS = 5.0
"""For the page that an input leads to, to be there [ours]."""

_POPUP_SECONDS = 0.5
"""For a new tab to begin with its page; one that stays empty has none."""


async def perform(
    page: Page, tab: Tab, method: str, inputs: list[JsonObject], *, settles: bool = True
) -> None:
    """Give *inputs* to the tab, all in one go; where it *settles*, wait for what they set off.

    Raises CdpError, but not for a tab that an input has closed.
    """
    if tab.asked_outside is not None:
        raise StepError(
            f"the page asked for another program to open {tab.asked_outside:.200}, and takes no"
            " input any more; navigate loads one that does"
        )
    document = tab.frames.main.document
    try:
        await gather([tab.call(method, each) for each in inputs])
    except CdpError:
        if tab in page.tabs:
            raise
    if settles:
        await settle(page, tab, document)


async def settle(page: Page, tab: Tab, document: str) -> None:
    """Wait for what an input in *tab*, which showed *document*, has set off."""
    with suppress(CdpError, StepError):  # the page has gone already: that was it
        await call_in(tab, tab.frames.main, in_page.SETTLE)
    if page.tab is not tab:
        tab = page.tab
        document = tab.frames.main.document
        await page.until(lambda: tab.is_closed or tab.ready.called)
        if tab.frames.main.url == BLANK:
            began = page.until(lambda: tab.is_leaving or tab.frames.main.url != BLANK)
            await page.within(_POPUP_SECONDS, began)
    if tab.is_leaving or tab.frames.main.document != document:
        arrived = page.until(lambda: tab.is_closed or tab.is_settled)
        is_there = await page.within(SETTLE_SECONDS, arrived)
        if not is_there:
            page.notes.put("still_loading", True)
        elif tab.frames.main.document != document:
            page.notes.put("navigated_to", tab.frames.main.url)
            if tab.frames.main.unreachable is not None:
                page.notes.put("failed_to_load", tab.frames.main.unreachable)
