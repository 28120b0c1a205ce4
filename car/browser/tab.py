"""One tab: its sessions, its frames, and what it is doing, as its events tell.

What a script is told of (dialogs, file choosers, a crash) is handed to the tab's owner; what
is asked of the tab's pages stands in ``world`` and ``operations``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.python.failure import Failure

from car.browser.cdp import CdpConnection
from car.browser.errors import BrowserError
from car.browser.frames import Frames
from car.ir.json import JsonObject

ANSWER_SECONDS = 600.0
"""For one answer of the browser: the step's own deadline comes first."""

_LONG_LIVED = frozenset({"EventSource", "WebSocket", "Ping", "Preflight"})
"""Requests that do not keep a page from being idle."""

MOST_REQUESTS = 10_000
"""Requests of one page that are waited for; a page may make any number [ours]."""

STOPPED = "stopped"
"""Among the lifecycle events: nothing more is loaded, whether or not all has been."""

_SHOWN_SCHEMES = frozenset(
    {"http", "https", "about", "blob", "data", "file", "filesystem", "javascript", "mailto"}
    | {"chrome", "chrome-error", "chrome-extension", "chrome-untrusted", "devtools", "view-source"}
)
"""What Chromium shows, or drops without a word; about others it puts up a dialog of its own."""

Command = tuple[str, JsonObject]


class ITabOwner(Protocol):
    """Who is told what happens in a tab."""

    def dialog_opened(self, tab: "Tab", session: str, dialog: JsonObject) -> None:
        """A dialog is up and the page stands still until it is answered."""

    def chooser_opened(self, tab: "Tab", session: str, chooser: JsonObject) -> None:
        """The page asks for files; no window is shown."""

    def asked_outside(self, url: str) -> None:
        """The page wants a *url* opened that is for another program."""

    def crashed(self, tab: "Tab") -> None:
        """The process of the tab's page has ended."""

    def changed(self) -> None:
        """Something is otherwise than before; also called after all of the above."""


class Tab:
    """A tab whose main session is *session*.

    ``at_once`` are the commands that each of its sessions begins with.  ``ready`` fires when
    the tab can be used; it never fails.  ``asked_outside`` is a URL for another program that a
    page asked for: Chromium puts up a dialog that cannot be answered, and takes no more input.
    """

    def __init__(
        self,
        connection: CdpConnection,
        owner: ITabOwner,
        target: str,
        session: str,
        at_once: Callable[[], list[Command]],
    ) -> None:
        self.target = target
        self.session = session
        self.frames = Frames(target, session)
        self.has_crashed = self.is_closed = False
        self.asked_outside: str | None = None
        self.requests: set[str] = set()
        self.activity = 0  # counts what the network does
        self.connection = connection
        self._owner = owner
        self._at_once = at_once
        self._sessions: set[str] = set()
        self._scheduled = self._started = False
        self.ready: Deferred[None] = self._open(session)

    @property
    def is_leaving(self) -> bool:
        """Whether the tab's page is about to be replaced by another."""
        return self._scheduled or self._started

    @property
    def is_settled(self) -> bool:
        """Whether the tab has a page to look at, and is not about to have another."""
        return self.has_crashed or (not self.is_leaving and self.is_at_least("DOMContentLoaded"))

    @property
    def is_loaded(self) -> bool:
        """Whether the tab's page is complete, or as complete as it will be."""
        return not self.is_leaving and self.is_at_least("load")

    @property
    def sessions(self) -> list[str]:
        """The sessions of the tab: the main one, and those of frames of other sites."""
        return [self.session, *(self._sessions - {self.session})]

    def call(
        self, method: str, params: JsonObject | None = None, session: str | None = None
    ) -> Deferred[JsonObject]:
        """Ask the tab, or a *session* of one of its frames; fails as ``CdpConnection.call``."""
        return self.connection.call(
            method, params, session=session or self.session, seconds=ANSWER_SECONDS
        )

    def send(
        self, method: str, params: JsonObject | None = None, session: str | None = None
    ) -> Deferred[None]:
        """Ask without minding whether it works: what is asked may be gone; never fails."""

        def refused(failure: Failure) -> None:
            failure.trap(BrowserError)

        return self.call(method, params, session).addCallbacks(lambda _: None, refused)

    def is_at_least(self, stage: str) -> bool:
        """Whether the main frame's document has had the lifecycle event *stage*, or never will."""
        return stage in self.frames.main.lifecycle or self.is_cut_short

    @property
    def is_cut_short(self) -> bool:
        """Whether loading the main frame's document has ended before its end."""
        lifecycle = self.frames.main.lifecycle
        return STOPPED in lifecycle and "load" not in lifecycle

    def close(self) -> None:
        """Forget the tab's sessions: it is gone."""
        self.is_closed = True
        for session in self._sessions:
            self.connection.forget(session)

    def _open(self, session: str) -> Deferred[None]:
        """Begin with a session; fires when it has answered."""
        self._sessions.add(session)
        self._listen(session)
        attach = {
            "autoAttach": True,
            "waitForDebuggerOnStart": True,
            "flatten": True,
            "filter": [{"type": "iframe"}],
        }
        commands: list[Command] = [
            ("Page.enable", {}),
            ("Page.setLifecycleEventsEnabled", {"enabled": True}),
            ("Inspector.enable", {}),
            ("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}),
            ("Target.setAutoAttach", attach),
            ("Page.setInterceptFileChooserDialog", {"enabled": True}),
            *self._at_once(),
        ]
        for method, params in commands:
            self.send(method, params, session)
        tree = self.call("Page.getFrameTree", session=session)
        self.send("Runtime.runIfWaitingForDebugger", session=session)

        def answered(answer: JsonObject) -> None:
            self.frames.fill(session, answer["frameTree"])

        def refused(failure: Failure) -> None:
            failure.trap(BrowserError)  # it has gone meanwhile

        return tree.addCallbacks(answered, refused)

    def _listen(self, session: str) -> None:
        self.connection.listen(session, partial(self._event, session))

    def _event(self, session: str, method: str, params: JsonObject) -> None:
        """Chromium tells of something; what is of no interest is passed over."""
        told = _EVENTS.get(method)
        if told is not None:
            told(self, session, params)
            self._owner.changed()

    def _frame_attached(self, session: str, params: JsonObject) -> None:
        self.frames.attached(params["frameId"], params.get("parentFrameId"), session)

    def _frame_navigated(self, session: str, params: JsonObject) -> None:
        frame = self.frames.navigated(session, params["frame"])
        if frame is not None and params.get("type") == "BackForwardCacheRestore":
            frame.lifecycle = {"commit", "DOMContentLoaded", "load", "networkIdle"}
            self._read_tree(session)
        if frame is self.frames.main:
            self._scheduled = self._started = self.has_crashed = False
            self.requests.clear()

    def _read_tree(self, session: str) -> None:
        """Ask for the frames anew: those of a page that is back are not told of."""

        def answered(answer: JsonObject) -> None:
            self.frames.fill(session, answer["frameTree"])

        tree = self.call("Page.getFrameTree", session=session)
        tree.addCallbacks(answered, lambda failure: failure.trap(BrowserError) and None)

    def _frame_moved_within(self, session: str, params: JsonObject) -> None:
        frame = self.frames.get(params["frameId"])
        if frame is not None:
            frame.url = params["url"]
        if frame is self.frames.main:
            self._scheduled = self._started = False

    def _frame_detached(self, session: str, params: JsonObject) -> None:
        if params.get("reason") != "swap":  # else it moves to another process
            self.frames.detached(params["frameId"])

    def _frame_scheduled(self, session: str, params: JsonObject) -> None:
        if params["frameId"] == self.frames.main.id:
            self._scheduled = True

    def _frame_unscheduled(self, session: str, params: JsonObject) -> None:
        if params["frameId"] == self.frames.main.id:
            self._scheduled = False

    def _frame_started(self, session: str, params: JsonObject) -> None:
        same = str(params.get("navigationType", "")).startswith("sameDocument")
        if params["frameId"] == self.frames.main.id and not same:
            self._started = True
            url = str(params.get("url", ""))
            if url.partition(":")[0].lower() not in _SHOWN_SCHEMES:
                self.asked_outside = url
                self._owner.asked_outside(url)

    def _frame_stopped(self, session: str, params: JsonObject) -> None:
        if params["frameId"] == self.frames.main.id:
            self.frames.main.lifecycle.add(STOPPED)
            self._scheduled = self._started = False

    def _lifecycle(self, session: str, params: JsonObject) -> None:
        frame = self.frames.get(params["frameId"])
        if frame is not None and frame.document in ("", params["loaderId"]):
            frame.lifecycle.add(params["name"])

    def _request_began(self, session: str, params: JsonObject) -> None:
        if params.get("type") not in _LONG_LIVED and len(self.requests) < MOST_REQUESTS:
            self.requests.add(params["requestId"])
            self.activity += 1

    def _request_ended(self, session: str, params: JsonObject) -> None:
        self.requests.discard(params["requestId"])
        self.activity += 1

    def _target_attached(self, session: str, params: JsonObject) -> None:
        """A frame moves into a process of its own."""
        info = params["targetInfo"]
        self.frames.attached(info["targetId"], info.get("parentFrameId"), params["sessionId"])
        self._open(params["sessionId"])

    def _target_detached(self, session: str, params: JsonObject) -> None:
        gone = params["sessionId"]
        self._sessions.discard(gone)
        self.connection.forget(gone)
        self.frames.session_gone(gone)

    def _target_crashed(self, session: str, params: JsonObject) -> None:
        if session == self.session:
            self.has_crashed = True
            self.requests.clear()
            self._owner.crashed(self)
            self.connection.forget(session)  # nothing that was asked will be answered
            self._listen(session)
        else:
            self.frames.session_gone(session)

    def _request_paused(self, session: str, params: JsonObject) -> None:
        """Where requests are held at all (``storage``), an empty page answers them."""
        html = {"name": "Content-Type", "value": "text/html"}
        answer = {
            "requestId": params["requestId"],
            "responseCode": 200,
            "responseHeaders": [html],
        }
        self.send("Fetch.fulfillRequest", answer, session)

    def _dialog_opened(self, session: str, params: JsonObject) -> None:
        self._owner.dialog_opened(self, session, params)

    def _chooser_opened(self, session: str, params: JsonObject) -> None:
        self._owner.chooser_opened(self, session, params)


def gather(waiting: list[Deferred[Any]]) -> Deferred[list[Any]]:
    """Fires with all results in order; fails with the first failure itself.

    Cancelling cancels all of them.
    """

    def unwrap(failure: Failure) -> Failure:
        assert isinstance(failure.value, FirstError)
        return failure.value.subFailure

    return gatherResults(waiting, consumeErrors=True).addErrback(unwrap)


_EVENTS: dict[str, Callable[[Tab, str, JsonObject], None]] = {
    "Page.frameAttached": Tab._frame_attached,
    "Page.frameNavigated": Tab._frame_navigated,
    "Page.navigatedWithinDocument": Tab._frame_moved_within,
    "Page.frameDetached": Tab._frame_detached,
    "Page.frameScheduledNavigation": Tab._frame_scheduled,
    "Page.frameClearedScheduledNavigation": Tab._frame_unscheduled,
    "Page.frameStartedNavigating": Tab._frame_started,
    "Page.frameStoppedLoading": Tab._frame_stopped,
    "Page.lifecycleEvent": Tab._lifecycle,
    "Fetch.requestPaused": Tab._request_paused,
    "Page.javascriptDialogOpening": Tab._dialog_opened,
    "Page.fileChooserOpened": Tab._chooser_opened,
    "Network.requestWillBeSent": Tab._request_began,
    "Network.loadingFinished": Tab._request_ended,
    "Network.loadingFailed": Tab._request_ended,
    "Target.attachedToTarget": Tab._target_attached,
    "Target.detachedFromTarget": Tab._target_detached,
    "Inspector.targetCrashed": Tab._target_crashed,
}
"""What is made of each event of a tab's sessions."""
