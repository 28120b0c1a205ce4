"""The ids that a client calls elements by.

``el_0``, ``el_1``, … are given in the order in which elements are first seen, keep their
element for as long as its document lives, and are never given twice.  An element is known by
its document and the number that Chromium has for its node there.
"""

import re

from msgspec import Struct

from car.browser.errors import StepError

MOST_KEPT = 10_000
"""Elements of one connection that are remembered, those seen last [ours]; some 4 MB."""


_ID = re.compile(r"el_(0|[1-9][0-9]{0,17})")


class Element(Struct):
    """An element that was observed; ``role`` and ``name`` are those last seen.

    ``document`` is the loader id of the document, ``url`` where that was, ``node`` the backend
    node id, ``frame`` the id of the frame that shows the document.
    """

    id: str
    frame: str
    document: str
    node: int
    url: str
    role: str
    name: str

    @property
    def text(self) -> str:
        """``button "Sign in"``."""
        return f'{self.role} "{self.name}"' if self.name else self.role


class Elements:
    """The ids that were given on one connection, as far as they are remembered.

    A page may make elements without end, and a connection open pages without end: those that
    have not been seen for longest are forgotten.  Their ids are not given again.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Element] = {}
        self._by_node: dict[tuple[str, int], Element] = {}
        self._given = 0

    def seen(
        self, *, frame: str, document: str, node: int, url: str, role: str, name: str
    ) -> Element:
        """The element *node* of *document*, with a new id if it had none."""
        element = self._by_node.get((document, node))
        if element is None:
            element = Element(f"el_{self._given}", frame, document, node, url, role, name)
            self._given += 1
            self._by_node[document, node] = element
        else:
            element.role, element.name = role, name
            del self._by_id[element.id]
        self._by_id[element.id] = element  # as the last of them
        if len(self._by_id) > MOST_KEPT:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            del self._by_node[oldest.document, oldest.node]
        return element

    def get(self, element_id: str) -> Element:
        """The element of that id, whether or not it is still there; raises StepError."""
        element = self._by_id.get(element_id)
        if element is None and self._was_given(element_id):
            raise StepError(
                f"element '{element_id}' is gone: only the {MOST_KEPT} seen last are kept;"
                " observe again"
            )
        if element is None:
            raise StepError(f"no element '{element_id:.60}'; observe first")
        return element

    def _was_given(self, element_id: str) -> bool:
        match = _ID.fullmatch(element_id)
        return match is not None and int(match[1]) < self._given


def gone_with_page(element: Element) -> StepError:
    """The failure for an element whose document is no longer shown."""
    return StepError(
        f"element '{element.id}' belongs to a page that is gone (was {element.url:.500});"
        " observe again"
    )


def removed(element: Element) -> StepError:
    """The failure for an element that its page has removed."""
    return StepError(
        f"element '{element.id}' ({element.text}) is no longer on the page; observe again"
    )
