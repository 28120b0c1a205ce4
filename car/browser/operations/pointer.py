"""With the pointer: click, hover, scroll."""

from car.browser import in_page
from car.browser.errors import StepError
from car.browser.operations.keys import modifier_bits
from car.browser.operations.settling import perform
from car.browser.page import Page
from car.browser.script import Click, Hover, Scroll
from car.browser.world import call_in, call_on, locate
from car.ir.json import JsonObject

_BUTTONS = {"left": 1, "right": 2, "middle": 4}

_MOST_CLICKS = 3


async def click(page: Page, op: Click) -> JsonObject:
    """Click on an element once it can be: ``{element_id, resolved_to}``."""
    if not 1 <= op.count <= _MOST_CLICKS:
        raise StepError(f"count: expected 1 to {_MOST_CLICKS}")
    held = modifier_bits(op.modifiers)
    tab, element = page.tab, page.elements.get(op.element_id)
    x, y = await locate(tab, element)
    at: JsonObject = {"x": x, "y": y, "modifiers": held}
    events: list[JsonObject] = [{"type": "mouseMoved", **at}]
    for count in range(1, op.count + 1):
        pressed = {**at, "button": op.button, "clickCount": count}
        events.append({"type": "mousePressed", "buttons": _BUTTONS[op.button], **pressed})
        events.append({"type": "mouseReleased", **pressed})
    await perform(page, tab, "Input.dispatchMouseEvent", events)
    return {"element_id": element.id, "resolved_to": element.text}


async def hover(page: Page, op: Hover) -> JsonObject:
    """Move the pointer over an element: ``{element_id, resolved_to}``."""
    tab, element = page.tab, page.elements.get(op.element_id)
    x, y = await locate(tab, element)
    await tab.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
    return {"element_id": element.id, "resolved_to": element.text}


async def scroll(page: Page, op: Scroll) -> JsonObject:
    """Scroll by CSS pixels: ``{delta_y, delta_x, scrolled: {x, y}}``, how far that went."""
    tab = page.tab
    if op.element_id is None:
        went = await call_in(tab, tab.frames.main, in_page.SCROLL, op.delta_x, op.delta_y)
    else:
        element = page.elements.get(op.element_id)
        went = await call_on(tab, element, in_page.SCROLL, op.delta_x, op.delta_y)
    return {"delta_y": op.delta_y, "delta_x": op.delta_x, "scrolled": went}
