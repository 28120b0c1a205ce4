"""What ``session_ref`` names: cookies, headers and local storage to begin a script with.

The text comes from whoever keeps secrets; here it is read and applied.
"""

import msgspec
from msgspec import Struct

from car.browser.errors import BrowserError, StepError
from car.browser.operations import storage
from car.browser.page import Page
from car.browser.script import Cookie, SetCookies, SetExtraHeaders, SetLocalStorage
from car.ir import json


class SessionRefError(BrowserError):
    """A stored bundle that cannot be read or applied: ``session_ref: …``."""


class SessionBundle(Struct, frozen=True, forbid_unknown_fields=True):
    """A stored bundle; ``local_storage`` has the items of each origin."""

    cookies: list[Cookie] = []
    headers: dict[str, str] = {}
    local_storage: dict[str, dict[str, str]] = {}


_decoder = msgspec.json.Decoder(SessionBundle)


def parse_bundle(text: str) -> SessionBundle:
    """Read a bundle from JSON text; raises SessionRefError, which says nothing of its values."""
    try:
        return json.decode_as(_decoder, text)
    except json.JsonError as problem:
        raise SessionRefError(f"session_ref: the stored bundle cannot be read: {problem}") from None


async def apply_bundle(page: Page, bundle: SessionBundle) -> None:
    """Put a bundle into the browser.  Raises SessionRefError, BrowserExited."""
    try:
        if bundle.cookies:
            await storage.set_cookies(page, SetCookies(cookies=bundle.cookies))
        if bundle.headers:
            await storage.set_extra_headers(page, SetExtraHeaders(headers=bundle.headers))
        for origin, items in bundle.local_storage.items():
            await storage.set_local_storage(page, SetLocalStorage(origin=origin, items=items))
    except StepError as problem:
        raise SessionRefError(f"session_ref: {problem}") from None
