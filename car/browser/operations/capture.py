"""Taking from a page: observe, screenshot, pdf, evaluate."""

from car.browser import in_page
from car.browser.errors import AnswerTooLong, CdpError, StepError
from car.browser.observing import observe_page
from car.browser.page import Page
from car.browser.script import Evaluate, Observe, Pdf, Screenshot
from car.browser.tab import ANSWER_SECONDS, Tab
from car.browser.world import call_on, frame_of, offset_of, thrown_text
from car.ir.json import JsonObject

MOST_HEIGHT = 16_384
"""A picture of a longer page shows its beginning: Chromium's limit of a texture."""

MOST_VALUE_BYTES = 1024 * 1024
"""The longest value that an expression may have [ours]."""


async def observe(page: Page, op: Observe) -> JsonObject:
    """Tell what is on the page: ``{url, title, element_count, summary, screenshot?, tabs?}``.

    ``screenshot`` is as the operation's own data; ``tabs`` are ``[{tab, url, current}]`` where
    there is more than one.
    """
    try:
        data = await observe_page(page, page.tab)
    except CdpError:  # it went away meanwhile: what is there instead is told
        await page.until(lambda: page.current is None or page.current.is_settled)
        data = await observe_page(page, page.tab)
    tab = page.tab
    if op.screenshot:
        data["screenshot"] = await _picture(tab, await _clip(page, tab, op.full_page, None))
    if len(page.tabs) > 1:
        data["tabs"] = [
            {"tab": number, "url": each.frames.main.url, "current": each is tab}
            for number, each in enumerate(page.tabs)
        ]
    return data


async def screenshot(page: Page, op: Screenshot) -> JsonObject:
    """A picture: ``{format, data, size_bytes}``, the data in base64."""
    if not 1 <= op.quality <= 100:
        raise StepError("quality: expected 1 to 100")
    tab = page.tab
    clip = await _clip(page, tab, op.full_page, op.element_id)
    if op.format == "jpeg":
        clip["quality"] = op.quality
    return await _picture(tab, {**clip, "format": op.format})


async def pdf(page: Page, op: Pdf) -> JsonObject:
    """The page as a PDF: ``{format, data, size_bytes}``, the data in base64."""
    tab = page.tab
    params = {"landscape": op.landscape, "printBackground": op.background}
    try:
        answer = await tab.call("Page.printToPDF", params)
    except AnswerTooLong as problem:
        raise StepError(f"pdf: the document is too large: {problem.reason}") from None
    return _document("pdf", answer["data"])


async def evaluate(page: Page, op: Evaluate) -> JsonObject:
    """The value of an expression in the page's own world: ``{value}``; promises are awaited."""
    if not page.rules.allow_evaluate:
        raise StepError("evaluate is off; the daemon's settings do not allow it")
    tab = page.tab
    params = {
        "expression": op.expression,
        "returnByValue": True,
        "awaitPromise": True,
        "userGesture": True,
    }
    try:
        answer = await page.connection.call(
            "Runtime.evaluate",
            params,
            session=tab.session,
            seconds=ANSWER_SECONDS,
            max_bytes=MOST_VALUE_BYTES,
        )
    except AnswerTooLong:
        raise StepError(f"evaluate: the value has more than {MOST_VALUE_BYTES} bytes") from None
    except CdpError as problem:
        raise StepError(f"evaluate: {problem.reason}") from None
    thrown = answer.get("exceptionDetails")
    if thrown is not None:
        raise StepError(f"evaluate: {thrown_text(thrown)}")
    result = answer["result"]
    return {"value": result.get("value", result.get("unserializableValue"))}


async def _clip(page: Page, tab: Tab, full_page: bool, element_id: str | None) -> JsonObject:
    """The params that say which part of the page to take."""
    if element_id is not None:
        element = page.elements.get(element_id)
        box = await call_on(tab, element, in_page.BOX)
        x, y = await offset_of(tab, frame_of(tab, element))
        view = (await tab.call("Page.getLayoutMetrics"))["cssVisualViewport"]
        left, top = box["x"] + x + view["pageX"], box["y"] + y + view["pageY"]
        size = {"width": box["width"], "height": min(box["height"], MOST_HEIGHT)}
    elif full_page:
        content = (await tab.call("Page.getLayoutMetrics"))["cssContentSize"]
        left = top = 0
        size = {"width": content["width"], "height": min(content["height"], MOST_HEIGHT)}
    else:
        return {}
    return {"captureBeyondViewport": True, "clip": {"x": left, "y": top, "scale": 1, **size}}


async def _picture(tab: Tab, params: JsonObject) -> JsonObject:
    try:
        answer = await tab.call("Page.captureScreenshot", {"optimizeForSpeed": True, **params})
    except AnswerTooLong as problem:
        raise StepError(f"screenshot: the picture is too large: {problem.reason}") from None
    return _document(str(params.get("format", "png")), answer["data"])


def _document(format_: str, data: str) -> JsonObject:
    """Base64 text as it is told; its size follows from its length."""
    size_bytes = len(data) // 4 * 3 - data[-2:].count("=")
    return {"format": format_, "data": data, "size_bytes": size_bytes}
