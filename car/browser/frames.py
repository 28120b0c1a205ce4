"""The frames of one tab: which documents they show, how far these have come, who answers.

A frame of another site lives in a process of its own and has a session of its own; the others
share their parent's.  What is kept here is what Chromium's events have told; nothing is asked.
"""

from collections.abc import Iterator

from car.ir.json import JsonObject

BLANK = "about:blank"
"""The URL of a document that nobody has loaded."""

MOST_FRAMES = 200
"""Frames of one tab that are kept track of [ours]; a page may make any number."""


class Frame:
    """A frame, and the document in it.

    ``lifecycle`` holds the names of Chromium's lifecycle events that the document has had,
    ``world`` the number of our isolated world in it (None until asked for), ``objects`` the
    remote objects of its nodes in that world.  ``unreachable`` is what should have been in the
    place of Chromium's page about an error.
    """

    def __init__(self, id: str, parent: str | None, session: str) -> None:
        self.id = id
        self.parent = parent
        self.session = session
        self.document = ""
        self.url = BLANK
        self.unreachable: str | None = None
        self.lifecycle: set[str] = set()
        self.world: int | None = None
        self.objects: dict[int, str] = {}

    def shows(self, session: str, document: str, url: str) -> None:
        """Another document is in the frame."""
        self.session = session
        self.document = document
        self.url = url
        self.lifecycle = {"commit"}
        self.world = None
        self.objects = {}


class Frames:
    """The frames of a tab, the main one first and parents before their children."""

    def __init__(self, main: str, session: str) -> None:
        self.main = Frame(main, None, session)
        self._all = {main: self.main}

    def __iter__(self) -> Iterator[Frame]:
        return iter(list(self._all.values()))

    def get(self, frame_id: str) -> Frame | None:
        """The frame of that id, if there is one."""
        return self._all.get(frame_id)

    def fill(self, session: str, tree: JsonObject) -> None:
        """Take over what ``Page.getFrameTree`` answered on *session*."""
        frame = tree["frame"]
        known = self._frame(frame["id"], frame.get("parentId"), session)
        if known is not None and not known.document:
            known.shows(session, frame["loaderId"], _url(frame))
        for child in tree.get("childFrames", ()):
            self.fill(session, child)

    def attached(self, frame_id: str, parent: str | None, session: str) -> None:
        """A frame was made, or moved into a process of its own."""
        frame = self._frame(frame_id, parent, session)
        if frame is not None and frame.session != session:
            frame.session = session
            frame.world = None
            frame.objects = {}

    def navigated(self, session: str, frame: JsonObject) -> Frame | None:
        """A document was committed to a frame: what was inside is gone."""
        known = self._frame(frame["id"], frame.get("parentId"), session)
        if known is not None:
            for child in self._children(known):
                self.detached(child.id)
            known.shows(session, frame["loaderId"], _url(frame))
            known.unreachable = frame.get("unreachableUrl")
        return known

    def detached(self, frame_id: str) -> None:
        """A frame is gone, with those inside it."""
        frame = self._all.get(frame_id)
        if frame is None or frame is self.main:
            return
        for child in self._children(frame):
            self.detached(child.id)
        self._all.pop(frame_id, None)

    def session_gone(self, session: str) -> None:
        """A session is over, and the frames that it alone answered for."""
        for frame in self:
            if frame.session == session:
                self.detached(frame.id)

    def _children(self, parent: Frame) -> list[Frame]:
        return [frame for frame in self if frame.parent == parent.id]

    def _frame(self, frame_id: str, parent: str | None, session: str) -> Frame | None:
        """The frame of that id, new if need be; None when there are too many."""
        frame = self._all.get(frame_id)
        if frame is None and len(self._all) < MOST_FRAMES:
            frame = self._all[frame_id] = Frame(frame_id, parent, session)
        return frame


def _url(frame: JsonObject) -> str:
    """The frame's URL; that of a new tab's first document is told as none, or as ``:``."""
    url = str(frame.get("url", ""))
    return url + str(frame.get("urlFragment", "")) if len(url) > 1 else BLANK
