"""``vision.ocr``: the text in an image, read by the ``tesseract`` program.

The program is run, never linked: without it there is no text.
"""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from car.errors import CarError
from car.ir.json import JsonObject
from car.server import surroundings
from car.server.approval_gate import require_approval
from car.server.errors import InvalidParams
from car.server.programs import run_program
from car.server.registry import method
from car.server.session import ClientSession

PROGRAM = "tesseract"

TIMEOUT = 120.0
"""Seconds that one image may take."""

_PAGE, _LINE, _WORD = "1", "4", "5"
"""Levels of the rows in tesseract's table."""

_Place = tuple[str, str, str, str]
"""The numbers of a line's page, block, paragraph and of the line."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")

_TESSERACT_NAMES = {
    "ar": "ara",
    "de": "deu",
    "en": "eng",
    "es": "spa",
    "fr": "fra",
    "it": "ita",
    "ja": "jpn",
    "ko": "kor",
    "nl": "nld",
    "pl": "pol",
    "pt": "por",
    "ru": "rus",
    "uk": "ukr",
    "zh": "chi_sim",
}
"""tesseract's names of languages by ISO 639-1 code; any other is passed on as it is."""


class _Box(NamedTuple):
    """A rectangle in pixels; the fields are named as in tesseract's table."""

    left: int
    top: int
    width: int
    height: int


class RecognitionError(CarError):
    """An image that no text could be read from."""


class Image(Struct, frozen=True):
    """An image file, and how to read it.

    ``minimum_text_height`` is a fraction of the image's height.  ``fast_path`` and
    ``language_correction`` mean nothing to tesseract.
    """

    image_path: str
    fast_path: bool | None = None
    languages: list[str] | None = None
    language_correction: bool | None = None
    minimum_text_height: float | None = None


@method("vision.ocr")
async def vision_ocr(session: ClientSession, params: Image) -> JsonObject:
    """Read the text in an image file, line by line; a human has to approve it.

    Params: ``image_path`` (absolute), ``languages?`` (ISO codes or tesseract's names),
    ``minimum_text_height?`` (a fraction of the image's height), ``fast_path?`` and
    ``language_correction?`` (ignored).  Result: ``{available, observations: [{text,
    confidence, x, y, w, h}]}``: confidences from 0 to 1, boxes in fractions of the image
    with the origin at its bottom left; ``available`` is false where tesseract is not
    installed.  Errors: -32602, -32003 without approval, -32603 for a file that is no image.
    """
    languages = [_tesseract_name(language) for language in params.languages or ()]
    path = params.image_path
    if "\0" in path or not os.path.isabs(path):
        raise InvalidParams("image_path: expected the absolute path of an image file")
    program = surroundings.HERE.which(PROGRAM)
    if program is None:
        return {"available": False, "observations": []}
    await require_approval(session, "vision.ocr", structs.asdict(params))
    arguments = [program, path, "stdout"]
    if languages:
        arguments += ["-l", "+".join(languages)]
    ended = await run_program(session.state.reactor, [*arguments, "tsv"], TIMEOUT)
    if ended.exit_code != 0:
        said = ended.errors.decode(errors="replace").strip().splitlines()
        raise RecognitionError(f"vision.ocr failed: {said[-1][:300] if said else PROGRAM}")
    found = observations(ended.output.decode(errors="replace"))
    least = params.minimum_text_height or 0.0
    return {"available": True, "observations": [seen for seen in found if seen["h"] >= least]}


def observations(table: str) -> list[JsonObject]:
    """The lines of text in tesseract's tab-separated table, top to bottom.

    Each is ``{text, confidence, x, y, w, h}`` as ``vision.ocr`` answers them.
    """
    head, *lines = table.rstrip("\n").split("\n")
    columns = head.split("\t")
    pages: dict[str, _Box] = {}
    boxes: dict[_Place, _Box] = {}
    words: dict[_Place, list[tuple[str, float]]] = {}
    for text in lines:
        row = dict(zip(columns, text.split("\t"), strict=False))
        level, page = row["level"], row["page_num"]
        place = (page, row["block_num"], row["par_num"], row["line_num"])
        if level == _PAGE:
            pages[page] = _box(row)
        elif level == _LINE:
            boxes[place] = _box(row)
        elif level == _WORD and row["text"].strip():
            words.setdefault(place, []).append((row["text"], float(row["conf"])))
    return [
        _observation(words[place], box, pages[place[0]])
        for place, box in boxes.items()
        if place in words
    ]


def _box(row: dict[str, str]) -> _Box:
    return _Box(*(int(row[name]) for name in _Box._fields))


def _observation(words: Sequence[tuple[str, float]], box: _Box, page: _Box) -> JsonObject:
    """One line; pixels from the top left become fractions from the bottom left."""
    return {
        "text": " ".join(text for text, _ in words),
        "confidence": round(sum(confidence for _, confidence in words) / len(words) / 100, 4),
        "x": box.left / page.width,
        "y": 1 - (box.top + box.height) / page.height,
        "w": box.width / page.width,
        "h": box.height / page.height,
    }


def _tesseract_name(language: str) -> str:
    """The language as tesseract names it; raises InvalidParams."""
    if not _LANGUAGE.fullmatch(language):
        raise InvalidParams(f"languages: '{language:.40}' is not the name of a language")
    if language.replace("_", "-").lower() == "zh-hant":
        return "chi_tra"
    return _TESSERACT_NAMES.get(re.split("[-_]", language)[0].lower(), language)
