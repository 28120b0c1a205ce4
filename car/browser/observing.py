"""Seeing a page: the accessibility trees of its frames become a summary with element ids.

A page may be of any size, so what is asked is bounded.  Where the trees would be too long, or
hold more than is listed, the page itself picks what is at and below the top of the window, and
only that is asked for.
"""

from msgspec import Raw
from twisted.internet.defer import Deferred

from car.browser import in_page
from car.browser.errors import AnswerTooLong, CdpError
from car.browser.frames import Frame
from car.browser.page import Page
from car.browser.summary import (
    MOST_CHARS,
    MOST_ELEMENTS,
    Line,
    Listed,
    summarize,
)
from car.browser.tab import ANSWER_SECONDS, Tab, gather
from car.browser.tree import Content, content_of, element_of, read_tree
from car.browser.world import PICKED, call_in, call_on_object, object_in
from car.ir.json import JsonObject

MOST_NODES = 10_000
"""DOM nodes of a process whose pages are read as a whole: a tree has some 500 bytes a node."""

MOST_TREE_BYTES = 3 * 1024 * 1024
"""The longest tree that is read; some 15 ms of the reactor's time."""

MOST_READ_FRAMES = 20
"""Frames that are looked into [ours]."""

_MOST_VISITED = 50_000
"""Nodes of a large page that are looked at: some 100 ms of the page's own time."""


class _Seen:
    """What has been found so far, in all frames."""

    def __init__(self) -> None:
        self.title = ""
        self.lines: list[Line] = []
        self.listed: list[Listed] = []
        self.left_out = 0
        self.is_part = False


async def observe_page(page: Page, tab: Tab) -> JsonObject:
    """What *tab* shows: ``{url, title, element_count, summary}``.

    Raises CdpError when its page goes away meanwhile; a frame that does is left out.
    """
    seen = _Seen()
    for frame in list(tab.frames)[:MOST_READ_FRAMES]:
        if not frame.document:
            continue
        try:
            await _read_frame(page, tab, frame, seen)
        except CdpError:
            if frame is tab.frames.main:
                raise
    summary = summarize(
        seen.lines, seen.listed, elements_left_out=seen.left_out, is_part=seen.is_part
    )
    return {
        "url": tab.frames.main.url,
        "title": seen.title,
        "element_count": len(seen.listed),
        "summary": summary,
    }


async def _read_frame(page: Page, tab: Tab, frame: Frame, seen: _Seen) -> None:
    document, url = frame.document, frame.url
    content = await _whole(tab, frame)
    room = MOST_ELEMENTS - len(seen.listed)
    if content is None or len(content.found) > room:
        title = content.title if content is not None else await _title(tab, frame)
        content = await _excerpt(tab, frame, room, seen)
        content = content._replace(title=title)
    if frame is tab.frames.main:
        seen.title = content.title
    elif content.lines or content.found:
        seen.lines.append(Line("frame", url))
    seen.lines += content.lines
    for found in content.found:
        element = page.elements.seen(
            frame=frame.id,
            document=document,
            node=found.node,
            url=url,
            role=found.role,
            name=found.name,
        )
        seen.listed.append(Listed(element.id, found.role, found.name, found.states))


async def _whole(tab: Tab, frame: Frame) -> Content | None:
    """All that the frame's document holds; None where that is too much."""
    counters = await tab.call("Memory.getDOMCounters", session=frame.session)
    if counters["nodes"] > MOST_NODES:
        return None
    try:
        answer = await tab.connection.call_raw(
            "Accessibility.getFullAXTree",
            {"frameId": frame.id},
            session=frame.session,
            seconds=ANSWER_SECONDS,
            max_bytes=MOST_TREE_BYTES,
        )
    except AnswerTooLong:
        return None
    return content_of(read_tree(answer))


async def _title(tab: Tab, frame: Frame) -> str:
    return str(await call_in(tab, frame, in_page.TITLE))


async def _excerpt(tab: Tab, frame: Frame, room: int, seen: _Seen) -> Content:
    """What the frame shows at and below the top of its window."""
    picked = await object_in(tab, frame, in_page.EXCERPT, room, MOST_CHARS, _MOST_VISITED)
    told: JsonObject = await call_on_object(tab, frame, picked, in_page.TOLD)
    seen.left_out += told["leftOut"]
    seen.is_part = seen.is_part or not told["complete"]
    objects = await _members(tab, frame, picked)
    answers = await gather([_ask_one(tab, frame, each) for each in objects])
    tab.send("Runtime.releaseObjectGroup", {"objectGroup": PICKED}, frame.session)
    nodes = (node for answer in answers for node in read_tree(answer).nodes if not node.ignored)
    lines = [Line(role, words) for role, words in told["text"]]
    return Content("", lines, [found for node in nodes if (found := element_of(node))])


def _ask_one(tab: Tab, frame: Frame, object_id: str) -> Deferred[Raw]:
    """Ask for the accessibility node of one element."""
    return tab.connection.call_raw(
        "Accessibility.getPartialAXTree",
        {"objectId": object_id, "fetchRelatives": False},
        session=frame.session,
        seconds=ANSWER_SECONDS,
    )


async def _members(tab: Tab, frame: Frame, picked: str) -> list[str]:
    """The remote objects of the elements that were picked, in order."""
    asked = {"objectId": picked, "ownProperties": True}
    answer = await tab.call("Runtime.getProperties", asked, frame.session)
    elements = next(each for each in answer["result"] if each["name"] == "elements")
    asked = {"objectId": elements["value"]["objectId"], "ownProperties": True}
    answer = await tab.call("Runtime.getProperties", asked, frame.session)
    return [each["value"]["objectId"] for each in answer["result"] if each["name"].isdigit()]
