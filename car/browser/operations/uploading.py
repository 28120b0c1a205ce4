"""Files for a page: from the directory that may be uploaded from, or given with the script."""

import base64
import binascii
import contextlib
import tempfile
from pathlib import Path

from car.browser import in_page
from car.browser.downloads import safe_name
from car.browser.elements import Element
from car.browser.errors import StepError
from car.browser.operations.pointer import click
from car.browser.page import Page
from car.browser.script import Click, InlineFile, UploadFile
from car.browser.world import call_on, frame_of
from car.ir.json import JsonObject

MOST_INLINE_BYTES = 1024 * 1024
"""All files given with one operation: they are written on the spot [ours]."""

CHOOSER_SECONDS = 3.0
"""For a click to open a file chooser [ours]."""


async def upload_file(page: Page, op: UploadFile) -> JsonObject:
    """Give files to a page: ``{element_id, resolved_to, files}``, their names."""
    files = [_allowed(page, path) for path in op.paths] + _written(page, op.files)
    if not files:
        raise StepError("upload_file: expected paths, or files with a name and text or data")
    element = page.elements.get(op.element_id)
    names = [str(file) for file in files]
    if not await _give_field(page, element, names):
        await _give_chooser(page, element, names)
    return {
        "element_id": element.id,
        "resolved_to": element.text,
        "files": [file.name for file in files],
    }


async def _give_field(page: Page, element: Element, names: list[str]) -> bool:
    """Give the files to an element that is a file field; whether it is one."""
    field = await call_on(page.tab, element, in_page.FILE_FIELD)
    if not field:
        return False
    if field["takes"] == "directory":
        raise StepError(f"{_the(element)} takes a directory, which cannot be given")
    if field["takes"] == "one":
        _check_one(element, names)
    params = {"files": names, "backendNodeId": element.node}
    session = frame_of(page.tab, element).session
    await page.tab.call("DOM.setFileInputFiles", params, session)
    return True


async def _give_chooser(page: Page, element: Element, names: list[str]) -> None:
    """Click on what opens a file chooser, and choose."""
    await click(page, Click(element_id=element.id))
    await page.within(CHOOSER_SECONDS, page.until(lambda: page.chooser is not None))
    if page.chooser is None:
        raise StepError(f"{_the(element)} is not a file field and opens no file chooser")
    tab, session, chooser = page.chooser
    if chooser.get("mode") != "selectMultiple":
        _check_one(element, names)
    params = {"files": names, "backendNodeId": chooser["backendNodeId"]}
    await tab.call("DOM.setFileInputFiles", params, session)
    page.notes.take()  # the chooser was ours


def _check_one(element: Element, names: list[str]) -> None:
    if len(names) > 1:
        raise StepError(f"{_the(element)} takes one file")


def _the(element: Element) -> str:
    return f"element '{element.id}' ({element.text})"


def _allowed(page: Page, path: str) -> Path:
    """The file *path* within the uploads or the downloads; raises StepError."""
    roots = [root for root in (page.rules.uploads, page.directory) if root is not None]
    for root in roots:
        with contextlib.suppress(OSError, ValueError):  # no name that a file could have
            file = (root / path).resolve()
            if file.is_relative_to(root.resolve()) and file.is_file():
                return file
    places = "the downloads" if page.rules.uploads is None else "the uploads or downloads"
    raise StepError(f"paths: no file '{path:.200}' in {places} of this browser")


def _written(page: Page, files: list[InlineFile]) -> list[Path]:
    """Files given with the script, written where the page can read them."""
    contents = [(safe_name(file.name), _content(file)) for file in files]
    if sum(len(content) for _, content in contents) > MOST_INLINE_BYTES:
        raise StepError(f"files: expected up to {MOST_INLINE_BYTES} bytes in all")
    directory = page.directory / "uploads"
    written = []
    for name, content in contents:
        directory.mkdir(exist_ok=True)
        file = Path(tempfile.mkdtemp(dir=directory)) / name  # others may have that name
        file.write_bytes(content)
        written.append(file)
    return written


def _content(file: InlineFile) -> bytes:
    if file.text is not None and file.data is None:
        return file.text.encode()
    if file.data is None or file.text is not None:
        raise StepError(f"files: '{file.name:.60}' needs either text or data")
    try:
        return base64.b64decode(file.data, validate=True)
    except binascii.Error:
        raise StepError(f"files: data of '{file.name:.60}' is not base64") from None
