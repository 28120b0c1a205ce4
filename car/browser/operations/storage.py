"""What the browser remembers: cookies, local storage, and the headers that it sends."""

import re

from car.browser import in_page
from car.browser.errors import CdpError, PageError, StepError
from car.browser.page import Page
from car.browser.script import (
    ClearCookies,
    Cookie,
    GetCookies,
    GetLocalStorage,
    SetCookies,
    SetExtraHeaders,
    SetLocalStorage,
)
from car.browser.tab import Tab, gather
from car.browser.urls import check_origin, origin_of
from car.browser.world import call_in
from car.ir.json import JsonObject, JsonValue

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110 §5.1)."""

_OURS = frozenset(
    {"host", "content-length", "cookie", "cookie2", "connection", "transfer-encoding"}
    | {"te", "trailer", "upgrade", "keep-alive"}
)
"""Headers that are the browser's to send; as are those for proxies.  It would load nothing."""


async def set_cookies(page: Page, op: SetCookies) -> JsonObject:
    """Set cookies: ``{cookies_set}``, how many."""
    try:
        await page.call("Storage.setCookies", {"cookies": [_cookie(each) for each in op.cookies]})
    except CdpError as problem:
        raise StepError(f"cookies: the browser refused them: {problem.reason}") from None
    return {"cookies_set": len(op.cookies)}


async def get_cookies(page: Page, op: GetCookies) -> JsonObject:
    """Tell cookies: ``{cookies: [{name, value, domain, path, secure, http_only, …}]}``."""
    urls = op.urls if op.urls is not None else [page.url]
    answer = await (await page.any_tab()).call("Network.getCookies", {"urls": urls})
    return {"cookies": [_told(each) for each in answer["cookies"]]}


async def clear_cookies(page: Page, op: ClearCookies) -> JsonObject:
    """Forget all cookies: ``{cleared: true}``."""
    await page.call("Storage.clearCookies")
    return {"cleared": True}


async def set_extra_headers(page: Page, op: SetExtraHeaders) -> JsonObject:
    """Send headers with all requests: ``{headers_set}``, how many."""
    for name, value in op.headers.items():
        lowered = name.lower()
        if not _TOKEN.fullmatch(name) or lowered in _OURS or lowered.startswith("proxy-"):
            raise StepError(f"headers: '{name:.60}' cannot be set")
        if not (value.isascii() and value.isprintable()):
            raise StepError(f"headers: the value of '{name:.60}' has characters that no header has")
    await page.any_tab()
    page.headers = dict(op.headers)
    params = {"headers": page.headers}
    await gather(
        [
            tab.send("Network.setExtraHTTPHeaders", params, session)
            for tab in page.tabs
            for session in tab.sessions
        ]
    )
    return {"headers_set": len(op.headers)}


async def set_local_storage(page: Page, op: SetLocalStorage) -> JsonObject:
    """Set items of an origin's local storage: ``{items_set}``, how many."""
    origin = check_origin(op.origin)
    try:
        await _at(page, origin, in_page.SET_STORAGE, op.items)
    except PageError as problem:
        raise StepError(f"items: the browser refused them: {problem}") from None
    return {"items_set": len(op.items)}


async def get_local_storage(page: Page, op: GetLocalStorage) -> JsonObject:
    """Tell the items of an origin's local storage: ``{origin, items}``."""
    origin = check_origin(op.origin if op.origin is not None else origin_of(page.url))
    return {"origin": origin, "items": await _at(page, origin, in_page.GET_STORAGE)}


async def _at(page: Page, origin: str, function: str, *arguments: JsonValue) -> JsonValue:
    """Call a function in a page of *origin*: the current one, or an empty one made for it.

    The site is asked for nothing.
    """
    current = await page.any_tab()
    if origin_of(current.frames.main.url) == origin and not current.has_crashed:
        return await call_in(current, current.frames.main, function, *arguments)
    tab = await page.hidden_tab()
    try:
        await _empty_page(page, tab, origin)
        return await call_in(tab, tab.frames.main, function, *arguments)
    finally:
        await page.close_target(tab)


async def _empty_page(page: Page, tab: Tab, origin: str) -> None:
    """Show an empty page of *origin* in *tab*."""
    await tab.call("Fetch.enable")
    try:
        answer = await tab.call("Page.navigate", {"url": f"{origin}/"})
    except CdpError as problem:
        raise StepError(f"origin: '{origin:.200}' is refused: {problem.reason}") from None
    if answer.get("errorText"):
        raise StepError(f"origin: no page of {origin} can be made: {answer['errorText']}")
    await page.until(lambda: tab.frames.main.document == answer["loaderId"])


def _cookie(cookie: Cookie) -> JsonObject:
    """A cookie as Chromium takes it."""
    told: JsonObject = {
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    if cookie.expires is not None:
        told["expires"] = cookie.expires
    if cookie.same_site is not None:
        told["sameSite"] = cookie.same_site
    return told


def _told(cookie: JsonObject) -> JsonObject:
    """A cookie of Chromium's as ``set_cookies`` takes it."""
    told: JsonObject = {
        "name": cookie["name"],
        "value": cookie["value"],
        "domain": cookie["domain"],
        "path": cookie["path"],
        "secure": cookie["secure"],
        "http_only": cookie["httpOnly"],
    }
    if not cookie["session"]:
        told["expires"] = cookie["expires"]
    if "sameSite" in cookie:
        told["same_site"] = cookie["sameSite"]
    return told
