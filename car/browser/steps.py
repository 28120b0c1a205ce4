"""Running a script: one step after the other, each with its outcome, until one fails."""

from msgspec import Struct

from car.browser.bundle import SessionBundle, apply_bundle
from car.browser.errors import BrowserError, BrowserExited
from car.browser.operations.table import FUNCTIONS, seconds_for
from car.browser.page import Page
from car.browser.script import AnyOperation, Script
from car.ir.json import JsonObject


class Step(Struct, frozen=True):
    """How one operation went; ``data`` is None where a failed one has nothing to tell."""

    op: str
    status: str
    data: JsonObject | None
    error: str | None
    duration_ms: float


class ScriptResult(Struct, frozen=True):
    """How a script went: the steps up to the first that failed, which is the last."""

    steps: list[Step]


async def run_script(
    page: Page, script: Script, bundle: SessionBundle | None = None
) -> ScriptResult:
    """Run *script*, with *bundle* applied before its first operation.

    What goes wrong in a step is told there.  Raises BrowserExited when the browser ends, and
    SessionRefError for a bundle that cannot be applied.
    """
    if bundle is not None:
        await apply_bundle(page, bundle)
    steps: list[Step] = []
    page.url_before, page.downloads_before = page.url, page.downloads.begun
    for operation in script.operations:
        step = await run_step(page, operation)
        steps.append(step)
        if step.error is not None:
            break
    return ScriptResult(steps)


async def run_step(page: Page, op: AnyOperation) -> Step:
    """Run one operation.  Raises BrowserExited."""
    name = op.name
    began = page.clock.seconds()
    before = page.url, page.downloads.begun
    seconds = seconds_for(op)
    data: JsonObject | None
    page.take_notes()
    try:
        too_late = f"{name} took longer than {seconds:g} s"
        data = await page.run(FUNCTIONS[name](page, op), seconds, too_late)
        error = None
    except BrowserExited:
        raise
    except BrowserError as problem:
        data, error = None, str(problem)
    if name != "wait":
        page.url_before, page.downloads_before = before
    noted = page.take_notes()
    if noted:
        data = {**(data or {}), **noted}
    duration_ms = round((page.clock.seconds() - began) * 1000, 3)
    return Step(name, "ok" if error is None else "error", data, error, duration_ms)
