"""Running our functions in a page, and finding an element there.

Each document has a world of our own, made when first needed; elements are looked up in it by
their node number once and remembered while their document lives.  What goes wrong on the way
becomes the sentence that a step fails with.
"""

from collections.abc import Callable

from car.browser import in_page
from car.browser.elements import Element, gone_with_page, removed
from car.browser.errors import CdpError, PageError, StepError
from car.browser.frames import Frame
from car.browser.tab import Tab
from car.ir.json import JsonObject, JsonValue

WORLD_NAME = "car"
"""Of our worlds, and of the group of objects that live as long as their documents."""

PICKED = "car-picked"
"""The group of objects that are let go of soon."""

PATIENCE_MS = 1_000
"""How long an element may take to become visible, enabled and uncovered [ours]."""

_PROBLEMS: dict[str, Callable[[Element, JsonObject], str]] = {
    "hidden": lambda element, _: f"{_the(element)} is not visible",
    "disabled": lambda element, _: f"{_the(element)} is disabled",
    "covered": lambda element, found: (
        f"{_the(element)} is covered by {found.get('by')}; deal with that first"
    ),
    "not_text": lambda element, _: f"{_the(element)} is not a text field",
    "read_only": lambda element, _: f"{_the(element)} is read-only",
    "no_focus": lambda element, _: f"{_the(element)} does not take the focus",
    "malformed": lambda element, found: (
        f"text: not a value of {_the(element)}, whose type is {found.get('type')}"
    ),
    "not_select": lambda element, _: (
        f"{_the(element)} is not a native list; click it, observe, and click the option"
    ),
    "single": lambda element, _: f"values: {_the(element)} takes exactly one",
}


def _the(element: Element) -> str:
    return f"element '{element.id}' ({element.text})"


def frame_of(tab: Tab, element: Element) -> Frame:
    """The frame that shows the element's document in the tab; raises StepError."""
    frame = tab.frames.get(element.frame)
    if frame is None or frame.document != element.document:
        raise gone_with_page(element)
    return frame


async def world_in(tab: Tab, frame: Frame) -> int:
    """The number of our world in the frame's document; raises CdpError."""
    if frame.world is None:
        document = frame.document
        answer = await tab.call(
            "Page.createIsolatedWorld",
            {"frameId": frame.id, "worldName": WORLD_NAME},
            frame.session,
        )
        if frame.document != document:  # another came meanwhile, and has none yet
            return await world_in(tab, frame)
        frame.world = int(answer["executionContextId"])
    return frame.world


async def call_in(tab: Tab, frame: Frame, function: str, *arguments: JsonValue) -> JsonValue:
    """Call one of ``in_page`` in the frame's window; its answer.

    Raises CdpError, also when the document goes meanwhile; StepError when the function throws.
    """
    world = await world_in(tab, frame)
    params = {"executionContextId": world, "objectGroup": WORLD_NAME, "returnByValue": True}
    return _value(await tab.call(*_call(function, arguments, params), frame.session))


async def object_in(tab: Tab, frame: Frame, function: str, *arguments: JsonValue) -> str:
    """As ``call_in``, but what is answered stays in the page, in the group ``PICKED``.

    The remote object's id.
    """
    world = await world_in(tab, frame)
    params = {"executionContextId": world, "objectGroup": PICKED}
    answer = await tab.call(*_call(function, arguments, params), frame.session)
    _value(answer)
    return str(answer["result"]["objectId"])


async def call_on_object(tab: Tab, frame: Frame, object_id: str, function: str) -> JsonValue:
    """Call a function on a remote object; its answer."""
    params = {"objectId": object_id, "returnByValue": True}
    return _value(await tab.call(*_call(function, (), params), frame.session))


async def call_on(tab: Tab, element: Element, function: str, *arguments: JsonValue) -> JsonObject:
    """Call one of ``in_page`` on an element; its answer, ``problem`` made a StepError."""
    frame = frame_of(tab, element)
    try:
        object_id = frame.objects.get(element.node)
        if object_id is None:
            object_id = await _resolve(tab, frame, element)
        params = {"objectId": object_id, "returnByValue": True}
        answer = _value(await tab.call(*_call(function, arguments, params), frame.session))
    except CdpError:
        frame_of(tab, element)  # the page may have gone meanwhile
        raise
    found: JsonObject = answer or {}
    problem = found.get("problem")
    if problem == "removed":
        raise removed(element)
    if problem is not None:
        raise StepError(_PROBLEMS[problem](element, found))
    return found


async def locate(tab: Tab, element: Element) -> tuple[float, float]:
    """Scroll to an element and wait until it can be hit; where, in the tab's window.

    Raises StepError saying why it cannot be.
    """
    found = await call_on(tab, element, in_page.LOCATE, PATIENCE_MS)
    x, y = await offset_of(tab, frame_of(tab, element))
    return found["x"] + x, found["y"] + y


async def offset_of(tab: Tab, frame: Frame) -> tuple[float, float]:
    """Where the frame begins in the tab's window."""
    x = y = 0.0
    while frame is not tab.frames.main:
        parent = tab.frames.get(frame.parent or "") or tab.frames.main
        owner = await tab.call("DOM.getFrameOwner", {"frameId": frame.id}, parent.session)
        node = {"backendNodeId": owner["backendNodeId"]}
        box = await tab.call("DOM.getBoxModel", node, parent.session)
        x += box["model"]["content"][0]
        y += box["model"]["content"][1]
        # The box of a frame in the same process is told in the window of the outermost there.
        while parent is not tab.frames.main:
            above = tab.frames.get(parent.parent or "") or tab.frames.main
            if above.session != parent.session:
                break
            parent = above
        frame = parent
    return x, y


async def _resolve(tab: Tab, frame: Frame, element: Element) -> str:
    """The element's remote object in our world; raises StepError if it is gone."""
    world = await world_in(tab, frame)
    params = {
        "backendNodeId": element.node,
        "executionContextId": world,
        "objectGroup": WORLD_NAME,
    }
    try:
        answer = await tab.call("DOM.resolveNode", params, frame.session)
    except CdpError:
        frame_of(tab, element)
        raise removed(element) from None
    object_id = str(answer["object"]["objectId"])
    frame.objects[element.node] = object_id
    return object_id


def _call(
    function: str, arguments: tuple[JsonValue, ...], params: JsonObject
) -> tuple[str, JsonObject]:
    values = [{"value": argument} for argument in arguments]
    body = {"functionDeclaration": function, "arguments": values, "awaitPromise": True}
    return "Runtime.callFunctionOn", {**body, **params}


def _value(answer: JsonObject) -> JsonValue:
    """The value that a call gave; raises PageError with what was thrown."""
    thrown = answer.get("exceptionDetails")
    if thrown is not None:
        raise PageError(thrown_text(thrown))
    return answer["result"].get("value")


def thrown_text(details: JsonObject) -> str:
    """What JavaScript threw, in one line of at most 500 characters."""
    thrown = details.get("exception", {})
    text = thrown.get("description") or str(thrown.get("value", details.get("text", "")))
    return str(text).partition("\n")[0][:500]
