"""Going places: navigate, back, forward, reload, and from tab to tab."""

from twisted.internet.defer import CancelledError

from car.browser.errors import CdpError, StepError, TabClosed
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
from car.browser.tab import STOPPED, Tab
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

_HISTORY_TRIES = 3
"""A page that is only just there may swallow the first: it stops, and goes nowhere."""

_INVALID = "Cannot navigate to invalid URL"

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
    "ERR_CERT_COMMON_NAME_INVALID": "its certificate is for another host",
    "ERR_CERT_DATE_INVALID": "its certificate has expired or is not valid yet",
    "ERR_SSL_PROTOCOL_ERROR": "it does not speak TLS",
    "ERR_ABORTED": "the server sent no page, or loading was broken off",
    "ERR_HTTP_RESPONSE_CODE_FAILURE": "the server answered with an error and no page",
    "ERR_INVALID_AUTH_CREDENTIALS": (
        "it asks for a user and a password; set_extra_headers can send Authorization"
    ),
}
"""Chromium's names of what commonly goes wrong, in words."""


async def navigate(page: Page, op: Navigate) -> JsonObject:
    """Open a URL in the current tab: ``{url}``, where it ended up.

    A URL that is a download has ``{url, download: true}``, and the tab stays where it was; a page
    whose loading was broken off ``incomplete: true``.
    """
    url = check_url(op.url, allow_file=page.rules.allow_file)
    while True:
        tab = await page.answering_tab()
        try:
            return await _load(page, tab, url, op.wait_until)
        except (TabClosed, CdpError):
            if not page.has_left_behind:
                raise


async def _load(page: Page, tab: Tab, url: str, wait_until: WaitUntil) -> JsonObject:
    try:
        answer = await _asked_for(tab, url)
        if answer.get("isDownload"):
            return {"url": url, "download": True}
        reason = answer.get("errorText")
        if reason:
            raise StepError(f"navigate to {url:.500} failed: {_in_words(reason)}")
        loader = answer.get("loaderId")  # none within the same document
        if loader is None:
            moved = page.until(lambda: tab.is_closed or tab.frames.main.url == url)
            await page.within(_MOVE_SECONDS, moved)
        else:
            await page.until_in(tab, lambda: tab.frames.main.document == loader)
        return await _reach(page, tab, wait_until)
    except CancelledError:
        tab.send("Page.stopLoading")
        raise


async def _asked_for(tab: Tab, url: str) -> JsonObject:
    """What Chromium answers to being asked for *url*; raises StepError for what is not one."""
    try:
        return await tab.call("Page.navigate", {"url": url})
    except CdpError as problem:
        if problem.reason != _INVALID:
            raise
        raise StepError(f"url: '{url:.200}' is not a URL") from None


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
    await page.until_in(tab, lambda: tab.frames.main.document != before)
    return await _reach(page, tab, op.wait_until)


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
    main = tab.frames.main
    document, url = main.document, main.url

    def has_moved() -> bool:
        return main.document != document or main.url != url

    for _ in range(_HISTORY_TRIES):
        main.lifecycle.discard(STOPPED)
        await tab.call("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
        await page.until_in(
            tab, lambda: has_moved() or (STOPPED in main.lifecycle and not tab.is_leaving)
        )
        if has_moved():
            return await _reach(page, tab, wait_until)
    raise StepError(f"{entry['url']:.500} did not load; navigate to it")


async def _reach(page: Page, tab: Tab, wait_until: WaitUntil) -> JsonObject:
    """Wait until the tab's page has come so far: ``{url, incomplete?}``."""
    stage = STAGES[wait_until]
    await page.until_in(tab, lambda: tab.is_at_least(stage))
    data: JsonObject = {"url": tab.frames.main.url}
    return {**data, "incomplete": True} if tab.is_cut_short else data


def _in_words(reason: str) -> str:
    """``net::ERR_TOO_MANY_REDIRECTS`` as ``it redirects in circles (ERR_TOO_MANY_REDIRECTS)``."""
    name = reason.removeprefix("net::")
    words = _REASONS.get(name)
    return f"{words} ({name})" if words else name
