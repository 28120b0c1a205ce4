"""``wait``: until something is so, or the time is over, which is no error."""

from collections.abc import Awaitable, Callable
from functools import partial

from twisted.internet.defer import Deferred

from car.browser import in_page
from car.browser.errors import CdpError, StepError
from car.browser.page import Page
from car.browser.script import Wait
from car.browser.tab import Tab
from car.browser.world import call_in
from car.ir.json import JsonObject

DEFAULT_SECONDS = 30.0
"""How long to wait without a ``timeout_ms``."""

IDLE_SECONDS = 0.5
"""Without a request for so long, the network is idle."""

_MOST_SECONDS = 300.0
"""A whole script has no more."""

_LOOK_SECONDS = 0.5
"""For a page to look once, however little time there is."""


async def wait(page: Page, op: Wait) -> JsonObject:
    """Wait for a condition: ``{condition, success}``.

    ``page_loaded``, ``dom_content_loaded``, ``network_idle``; ``url_changed`` and ``download``
    (one that has begun, and all have ended), both since before the last step; with ``value``:
    ``selector``, ``text``, ``url_contains``, ``time`` (milliseconds).  Raises StepError for
    others.
    """
    condition = _CONDITIONS.get(op.condition)
    if condition is None:
        raise StepError(f"unknown wait condition: {op.condition:.60}")
    seconds = wait_seconds(op)
    if condition in (_selector, _shown_text):
        seconds = max(seconds, _LOOK_SECONDS)
    work = Deferred.fromCoroutine(_met(condition, page, op))
    success = await page.within(seconds, work)
    return {"condition": op.condition, "success": success}


def wait_seconds(op: Wait) -> float:
    """How long *op* waits at most."""
    if op.timeout_ms is not None:
        return min(op.timeout_ms / 1000, _MOST_SECONDS)
    if op.condition == "time" and isinstance(op.value, int | float):
        return min(max(op.value, 0) / 1000 + 1, _MOST_SECONDS)
    return DEFAULT_SECONDS


async def _met(condition: "_Condition", page: Page, op: Wait) -> None:
    await condition(page, op)


async def _page_loaded(page: Page, op: Wait) -> None:
    await page.until(lambda: page.current is not None and page.current.is_loaded)


async def _content_loaded(page: Page, op: Wait) -> None:
    await page.until(lambda: page.current is not None and page.current.is_settled)


async def _url_changed(page: Page, op: Wait) -> None:
    before = page.url_before
    await page.until(lambda: page.url != before)


async def _url_contains(page: Page, op: Wait) -> None:
    part = _text(op)
    await page.until(lambda: part in page.url)


async def _network_idle(page: Page, op: Wait) -> None:
    tab = page.tab
    is_idle = False
    while not is_idle:
        await page.until(lambda: not tab.is_leaving and not tab.requests)
        is_busy = page.until(partial(_is_busy_since, tab, tab.activity))
        is_idle = not await page.within(IDLE_SECONDS, is_busy)


def _is_busy_since(tab: Tab, activity: int) -> bool:
    return tab.activity != activity


async def _download(page: Page, op: Wait) -> None:
    downloads, before = page.downloads, page.downloads_before
    await page.until(lambda: downloads.begun > before and downloads.under_way == 0)


async def _selector(page: Page, op: Wait) -> None:
    try:
        await _in_page(page, "selector", _text(op))
    except StepError as problem:
        if "is not a valid selector" not in str(problem):
            raise
        raise StepError(f"value: '{op.value:.100}' is not a CSS selector") from None


async def _shown_text(page: Page, op: Wait) -> None:
    await _in_page(page, "text", _text(op))


async def _in_page(page: Page, kind: str, value: str) -> None:
    """Have the page watch itself; anew when another takes its place."""
    is_met = False
    while not is_met:
        tab = page.tab
        document = tab.frames.main.document
        try:
            is_met = await call_in(
                tab, tab.frames.main, in_page.WAIT, kind, value, _MOST_SECONDS * 1000
            )
        except CdpError:
            await page.until(partial(_shows_another, page, tab, document))


def _shows_another(page: Page, tab: Tab, document: str) -> bool:
    return page.current is not tab or tab.frames.main.document != document


async def _time(page: Page, op: Wait) -> None:
    if not isinstance(op.value, int | float) or op.value < 0:
        raise StepError("value: wait for time expects milliseconds")
    await page.sleep(op.value / 1000)


def _text(op: Wait) -> str:
    if not isinstance(op.value, str) or not op.value:
        raise StepError(f"value: wait for {op.condition} expects a text")
    return op.value


_Condition = Callable[[Page, Wait], Awaitable[None]]

_CONDITIONS: dict[str, _Condition] = {
    "page_loaded": _page_loaded,
    "dom_content_loaded": _content_loaded,
    "url_changed": _url_changed,
    "url_contains": _url_contains,
    "network_idle": _network_idle,
    "download": _download,
    "selector": _selector,
    "text": _shown_text,
    "time": _time,
}
"""What can be waited for, by name."""
