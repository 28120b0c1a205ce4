"""HTML taken apart into texts and tags, in one pass whose time grows with the length only.

Made for pages by anybody: what is malformed is read somehow, never twice.  (The standard
library's parser reads the rest of a page again for every comment that is not closed.)  What
the tags mean is left to ``pages`` and ``search``.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_MARKUP = re.compile(r"<(?=[A-Za-z!?/])")

_NAME = re.compile(r"/?[A-Za-z][^\s/>]*")

_VALUE_OR_END = re.compile(r">|=\s*[\"']")

_ATTRIBUTE = re.compile(r"([^\s=\"'/>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")

_MOST_TAG_CHARS = 8_192
"""How much of a tag attributes are looked for in."""

RAW = frozenset(("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp"))
"""Elements whose content is no markup: it goes up to their own closing tag."""

_REFERENCES = frozenset(("title", "textarea"))
"""Those of them in which references still count."""


class Text(NamedTuple):
    """Text between tags, its references resolved."""

    text: str


class Tag(NamedTuple):
    """A tag: its name in lower case, ``/`` in front of a closing one, and all of its source."""

    name: str
    source: str

    def attributes(self) -> dict[str, str]:
        """Attributes with values, by name in lower case; the first of a name counts."""
        found: dict[str, str] = {}
        for name, double, single, bare in _ATTRIBUTE.findall(self.source[:_MOST_TAG_CHARS]):
            found.setdefault(name.lower(), unescape(double or single or bare))
        return found


def parts(html: str) -> Iterator[Text | Tag]:
    """The texts and tags of *html*, in order; comments and declarations are left out."""
    at = 0
    while at < len(html):
        markup = _MARKUP.search(html, at)
        begin = len(html) if markup is None else markup.start()
        if begin > at:
            yield Text(unescape(html[at:begin]))
        name = _NAME.match(html, begin + 1)
        if name is not None:
            at = _end_of_tag(html, name.end()) + 1
            tag = Tag(name[0].lower(), html[begin:at])
            yield tag
            if tag.name in RAW:
                closing = _closing(html, tag.name, at)
                text = html[at:closing]
                yield Text(unescape(text) if tag.name in _REFERENCES else text)
                at = closing
        elif html.startswith("<!--", begin):
            at = _after(html, "-->", begin + 4)
        else:
            at = _after(html, ">", begin + 2)


def _end_of_tag(html: str, at: int) -> int:
    """Where the ``>`` of a tag is, outside of quoted values; the length where there is none."""
    while True:
        found = _VALUE_OR_END.search(html, at)
        if found is None:
            return len(html)
        if found[0] == ">":
            return found.start()
        close = html.find(found[0][-1], found.end())
        if close < 0:
            return _after(html, ">", found.end()) - 1
        at = close + 1


def _closing(html: str, name: str, at: int) -> int:
    """Where the closing tag of *name* begins; the length where there is none."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, at)
    return len(html) if found is None else found.start()


def _after(html: str, mark: str, at: int) -> int:
    """Past the next *mark*; the length where there is none."""
    found = html.find(mark, at)
    return len(html) if found < 0 else found + len(mark)
