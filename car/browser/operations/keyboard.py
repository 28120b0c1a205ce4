"""With the keyboard: type into fields, press keys; and what else fills a form."""

from car.browser import in_page
from car.browser.errors import StepError
from car.browser.operations.keys import Key, editing_command, find_key, modifier_bits
from car.browser.operations.settling import perform, settle
from car.browser.page import Page
from car.browser.script import Keypress, SelectOption, Type
from car.browser.world import call_on
from car.ir.json import JsonObject

_SHIFT = 8

_KEY_EVENT = "Input.dispatchKeyEvent"


async def type_text(page: Page, op: Type) -> JsonObject:
    """Type into a field: ``{element_id, resolved_to}``.

    The text goes in at once, as from an input method; a field for a date, a time, a colour or
    a range gets it as its value.
    """
    tab, element = page.tab, page.elements.get(op.element_id)
    field = await call_on(tab, element, in_page.FOCUS, op.clear)
    if field.get("whole"):
        await call_on(tab, element, in_page.SET_VALUE, op.text)
    elif op.text:
        await tab.call("Input.insertText", {"text": op.text})
    elif op.clear:
        await call_on(tab, element, in_page.EMPTY)
    if op.submit:
        await perform(page, tab, _KEY_EVENT, _presses(find_key("Enter"), 0))
    return {"element_id": element.id, "resolved_to": element.text}


async def keypress(page: Page, op: Keypress) -> JsonObject:
    """Press a key where the focus is: ``{key, modifiers}``."""
    tab, key, bits = page.tab, find_key(op.key), modifier_bits(op.modifiers)
    await perform(page, tab, _KEY_EVENT, _presses(key, bits), settles=not key.is_letter or bits > 0)
    return {"key": op.key, "modifiers": op.modifiers}


async def select_option(page: Page, op: SelectOption) -> JsonObject:
    """Choose in a native list: ``{element_id, resolved_to, selected}``, the labels chosen."""
    tab, element = page.tab, page.elements.get(op.element_id)
    document = tab.frames.main.document
    found = await call_on(tab, element, in_page.SELECT, op.values)
    if "missing" in found:
        raise StepError(
            f"values: element '{element.id}' has no option '{found['missing']:.100}' that can be"
            f" chosen; it has {', '.join(found['options'])}"
        )
    await settle(page, tab, document)
    selected = found["selected"]
    return {"element_id": element.id, "resolved_to": element.text, "selected": selected}


def _presses(key: Key, bits: int) -> list[JsonObject]:
    """What makes a key go down and up."""
    text = key.text if not bits & ~_SHIFT else ""
    if bits & _SHIFT and len(text) == 1:
        text = text.upper()
    down: JsonObject = {
        "type": "keyDown" if text else "rawKeyDown",
        "key": key.key,
        "code": key.code,
        "windowsVirtualKeyCode": key.number,
        "modifiers": bits,
    }
    up = {**down, "type": "keyUp"}
    if text:
        down["text"] = text
    command = editing_command(key, bits)
    if command is not None:
        down["commands"] = [command]
    return [down, up]
