"""Which function does which operation, and how long it may take."""

from collections.abc import Callable, Coroutine
from typing import Any

from car.browser.operations import (
    capture,
    keyboard,
    navigation,
    pointer,
    storage,
    uploading,
    waiting,
)
from car.browser.page import Page
from car.browser.script import (
    AnyOperation,
    HandleDialogs,
    Wait,
)
from car.ir.json import JsonObject

OPERATION_SECONDS = 30.0
"""Unless the operation says otherwise (``subsystem-browser.md``, State machine)."""

MOST_SECONDS = 300.0
"""Whatever it says: a whole script has no more."""

_WAIT_GRACE = 5.0
"""``wait`` ends itself without an error; its deadline is for a page that does not answer."""

Operate = Callable[[Page, Any], Coroutine[Any, Any, JsonObject]]


async def handle_dialogs(page: Page, op: HandleDialogs) -> JsonObject:
    """Answer confirm and prompt otherwise from now on: ``{accept, prompt_text?}``."""
    page.dialogs.accept, page.dialogs.prompt_text = op.accept, op.prompt_text
    data: JsonObject = {"accept": op.accept}
    return data if op.prompt_text is None else {**data, "prompt_text": op.prompt_text}


FUNCTIONS: dict[str, Operate] = {
    "navigate": navigation.navigate,
    "back": navigation.back,
    "forward": navigation.forward,
    "reload": navigation.reload,
    "switch_tab": navigation.switch_tab,
    "close_tab": navigation.close_tab,
    "observe": capture.observe,
    "screenshot": capture.screenshot,
    "pdf": capture.pdf,
    "evaluate": capture.evaluate,
    "click": pointer.click,
    "hover": pointer.hover,
    "scroll": pointer.scroll,
    "type": keyboard.type_text,
    "keypress": keyboard.keypress,
    "select_option": keyboard.select_option,
    "upload_file": uploading.upload_file,
    "wait": waiting.wait,
    "handle_dialogs": handle_dialogs,
    "set_cookies": storage.set_cookies,
    "get_cookies": storage.get_cookies,
    "clear_cookies": storage.clear_cookies,
    "set_extra_headers": storage.set_extra_headers,
    "set_local_storage": storage.set_local_storage,
    "get_local_storage": storage.get_local_storage,
}
"""The function of each operation in ``script.OPERATIONS``."""


def seconds_for(op: AnyOperation) -> float:
    """How long *op* may take."""
    if isinstance(op, Wait):
        return waiting.wait_seconds(op) + _WAIT_GRACE
    seconds = OPERATION_SECONDS if op.timeout_ms is None else op.timeout_ms / 1000
    return min(seconds, MOST_SECONDS)
