"""From the octets of a page to its title and text."""

import codecs
import re
from typing import NamedTuple

from car.web.errors import NotText
from car.web.markup import RAW, Tag, parts

_CHARSETS = re.compile(
    r"utf-8|utf-16(-[bl]e)?|ascii|iso8859-\d+|cp125\d|cp866|koi8-[ru]|mac-roman"
    r"|shift_jis|euc_jp|euc_kr|gb2312|gbk|gb18030|big5|cp949"
)
"""Python's names of what the web is written in; its other codecs are slow, or no charsets."""

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)

_DECLARED_WITHIN = 1_024
"""How far into a page its own word about its charset may stand (HTML standard)."""

_TEXT_TYPES = re.compile(
    r"text/.*|application/(.*\+)?(json|xml|yaml|javascript)|application/(x-)?ndjson"
    r"|application/x-yaml|.*\+(json|xml)"
)

_HTML_TYPES = ("text/html", "application/xhtml+xml")

_UNSEEN = RAW - {"title", "textarea", "xmp"} | {"svg", "template", "math", "head"}
"""Elements whose text nobody reads; of the head, the title is taken by itself."""

_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|br|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure"
    r"|footer|form|h[1-6r]|header|li|main|nav|ol|option|p|pre|section|summary|table|tbody|tfoot"
    r"|thead|tr|ul"
).fullmatch
"""Elements that begin a new line."""

_CELLS = frozenset(("td", "th"))


class Text(NamedTuple):
    """What a page says."""

    title: str | None
    text: str


def read_page(content_type: str, body: bytes) -> Text:
    """The title and text of a page; anything but HTML is its own text.

    *content_type* is the header.  Time grows with the length of *body*: some 0.5 s for 2 MiB,
    so it is called in a thread.  Raises NotText.
    """
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower() or _guess(body)
    if not _TEXT_TYPES.fullmatch(kind):
        raise NotText(f"the page is {kind:.80}, which has no text to read")
    is_html = kind in _HTML_TYPES
    text = body.decode(_charset(parameters, body if is_html else b""), "replace")
    return read_html(text) if is_html else Text(None, text.removeprefix("\ufeff"))


def read_html(html: str) -> Text:
    """The title and the visible text of *html*, a line for each paragraph."""
    title: str | None = None
    lines = _Lines()
    hidden: str | None = None
    in_title = in_pre = False
    for part in parts(html):
        if isinstance(part, Tag):
            name = part.name
            bare = name.removeprefix("/")
            in_title = name == "title"
            is_block = _BLOCKS(bare) is not None
            if hidden is None:
                if name in _UNSEEN and not part.source.endswith("/>"):
                    hidden = name
            elif name == f"/{hidden}" or (hidden == "head" and is_block):
                hidden = None
            if is_block:
                lines.end(verbatim=in_pre)
            elif bare in _CELLS:
                lines.add(" ")
            if bare == "pre":
                in_pre = name == "pre"
        elif in_title:
            title = title or " ".join(part.text.split()) or None
        elif hidden is None and in_pre:
            lines.add_verbatim(part.text)
        elif hidden is None:
            lines.add(part.text)
    lines.end(verbatim=in_pre)
    return Text(title, "\n".join(lines.lines))


class _Lines:
    """Text by the line, without empty ones."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []

    def add(self, text: str) -> None:
        """More of a line, blanks of any kind being alike."""
        self._line.append(text)

    def add_verbatim(self, text: str) -> None:
        """More of preformatted lines."""
        first, *others = text.split("\n")
        self._line.append(first)
        for line in others:
            self.end(verbatim=True)
            self._line.append(line)

    def end(self, *, verbatim: bool) -> None:
        """The line is over; unless *verbatim*, many blanks become one."""
        if self._line:
            line = "".join(self._line)
            self._line.clear()
            line = line.rstrip() if verbatim else " ".join(line.split())
            if line:
                self.lines.append(line)


def _guess(body: bytes) -> str:
    """What a page without a type is: HTML if it looks so, else text unless it has a NUL."""
    head = body[:_DECLARED_WITHIN].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "application/octet-stream" if b"\0" in head else "text/plain"


def _charset(parameters: str, html: bytes) -> str:
    """The charset of the header, else of a byte order mark or the page's own word."""
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", parameters, re.IGNORECASE)
    declared = _DECLARED.search(html[:_DECLARED_WITHIN])
    if named is not None:
        return _known(named[1])
    if html.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if declared is not None and not html.startswith(codecs.BOM_UTF8):
        return _known(declared[1].decode("ascii"))
    return "utf-8"


def _known(charset: str) -> str:
    """Python's name of *charset*; UTF-8 for what the web is not written in."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return "utf-8"
    if name in ("iso8859-1", "ascii"):
        return "cp1252"  # what pages mean by both (Encoding standard)
    return name if _CHARSETS.fullmatch(name) else "utf-8"
