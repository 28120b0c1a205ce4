"""Going places: navigate, back, forward, reload, and from tab to tab."""

from twisted.internet.defer import CancelledError

from car.browser.errors import StepError
from car.browser.frames import BLANK
from car.browser.page import Page
from car.browser.script import (
    Back,
    CloseTab,
    Forward,
    Navigate,
    Reload,
    SwitchTab,
    WaitUntil,
)
from car.browser.tab import Tab
from car.browser.urls import check_url
from car.ir.json import JsonObject

STAGES: dict[WaitUntil, str] = {
    "commit": "commit",
    "dom_content_loaded": "DOMContentLoaded",
    "load": "load",
    "network_idle": "networkIdle",
}
"""The lifecycle event that each ``wait_until`` waits for."""

_MOVE_SECONDS = 0.5
"""For the new URL of the same document to be told; one written otherwise is not waited for."""

_REASONS = {
    "ERR_TOO_MANY_REDIRECTS": "it redirects in circles",
    "ERR_CONNECTION_REFUSED": "the connection was refused",
    "ERR_NAME_NOT_RESOLVED": "its host is not known",
    "ERR_INTERNET_DISCONNECTED": "there is no network",
    "ERR_CONNECTION_RESET": "the connection was reset",
    "ERR_CONNECTION_TIMED_OUT": "its host does not answer",
    "ERR_EMPTY_RESPONSE": "the server sent nothing",
    "ERR_UNSAFE_PORT": "its port is one that browsers do not open",
    "ERR_BLOCKED_BY_CLIENT": "the browser blocked it",
    "ERR_CERT_AUTHORITY_INVALID": "its certificate is not trusted",
}
"""Chromium's names of what commonly goes wrong, in words."""


async def navigate(page: Page, op: Navigate) -> JsonObject:
    """Open a URL in the current tab: ``{url}``, where it ended up.

    A URL that is a download has ``{url, download: true}``, and the tab stays where it was.
    """
    url = check_url(op.url, allow_file=page.rules.allow_file)
    tab = await page.answering_tab()
    try:
        answer = await tab.call("Page.navigate", {"url": url})
        if answer.get("isDownload"):
            return {"url": url, "download": True}
        reason = answer.get("errorText")
        if reason:
            raise StepError(f"navigate to {url:.500} failed: {_in_words(reason)}")
        loader = answer.get("loaderId")  # none within the same document
        if loader is None:
            moved = page.until(lambda: tab.frames.main.url == url)
            await page.within(_MOVE_SECONDS, moved)
        else:
            await page.until(lambda: tab.frames.main.document == loader)
        await _reach(page, tab, op.wait_until)
    except CancelledError:
        tab.send("Page.stopLoading")
        raise
    return {"url": tab.frames.main.url}


async def back(page: Page, op: Back) -> JsonObject:
    """To the page before: ``{url}``."""
    return await _through_history(page, -1, op.wait_until)


async def forward(page: Page, op: Forward) -> JsonObject:
    """To the page after: ``{url}``."""
    return await _through_history(page, 1, op.wait_until)


async def reload(page: Page, op: Reload) -> JsonObject:
    """The page once more: ``{url}``; one that crashed comes back."""
    tab = await page.any_tab()
    before = tab.frames.main.document
    await tab.call("Page.reload")
    await page.until(lambda: tab.frames.main.document != before)
    await _reach(page, tab, op.wait_until)
    return {"url": tab.frames.main.url}


async def switch_tab(page: Page, op: SwitchTab) -> JsonObject:
    """Another tab becomes the current one: ``{tab, url}``."""
    if not 0 <= op.tab < len(page.tabs):
        numbers = f"0 to {len(page.tabs) - 1}" if page.tabs else "none, as no tab is open"
        raise StepError(f"tab: expected {numbers}")
    page.switch_to(page.tabs[op.tab])
    return {"tab": op.tab, "url": page.url}


async def close_tab(page: Page, op: CloseTab) -> JsonObject:
    """Close the current tab: ``{closed_url, url}``; a new empty one opens after the last."""
    tab = await page.any_tab()
    url = tab.frames.main.url
    if len(page.tabs) == 1:
        await page.call("Target.createTarget", {"url": BLANK})
        await page.until(lambda: len(page.tabs) > 1)
    await page.call("Target.closeTarget", {"targetId": tab.target})
    await page.until(lambda: tab not in page.tabs)
    page.take_notes()  # that a tab opened and closed is no news
    return {"closed_url": url, "url": page.url}


async def _through_history(page: Page, step: int, wait_until: WaitUntil) -> JsonObject:
    tab = await page.any_tab()
    history = await tab.call("Page.getNavigationHistory")
    index = history["currentIndex"] + step
    if not 0 <= index < len(history["entries"]):
        raise StepError("there is no page to go back to" if step < 0 else "there is no later page")
    entry = history["entries"][index]
    document, url = tab.frames.main.document, tab.frames.main.url
    await tab.call("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
    await page.until(lambda: tab.frames.main.document != document or tab.frames.main.url != url)
    await _reach(page, tab, wait_until)
    return {"url": tab.frames.main.url}


async def _reach(page: Page, tab: Tab, wait_until: WaitUntil) -> None:
    """Wait until the tab's page has come so far."""
    stage = STAGES[wait_until]
    await page.until(lambda: tab.is_at_least(stage))


def _in_words(reason: str) -> str:
    """``net::ERR_TOO_MANY_REDIRECTS`` as ``it redirects in circles (ERR_TOO_MANY_REDIRECTS)``."""
    name = reason.removeprefix("net::")
    words = _REASONS.get(name)
    return f"{words} ({name})" if words else name
