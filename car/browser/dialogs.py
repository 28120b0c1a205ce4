"""Answering what a page asks of the person in front of it, as nobody is there.

Alerts and "leave this page?" are accepted, confirm and prompt are dismissed unless the script
said otherwise.  A page that will not stop is given up.
"""

from collections.abc import Callable

from twisted.python.failure import Failure

from car.browser.errors import BrowserError, CdpError, StepError
from car.browser.notes import Notes
from car.browser.tab import Tab
from car.ir.json import JsonObject

MOST_IN_A_STEP = 20
"""Dialogs of one step that are answered before the page is closed [ours]."""

_MOST_CHARS = 500

_ACCEPTED = ("alert", "beforeunload")

_LEAVING = "Not attached to an active page"
"""Chromium's words for a page that is about to be replaced by another.

Its dialog cannot be answered any more, and keeps the other from coming."""


class Dialogs:
    """How dialogs are answered: ``accept`` and ``prompt_text`` for confirm and prompt.

    *give_up* is called with a tab in which one cannot be.
    """

    def __init__(self, notes: Notes, give_up: Callable[[Tab], object]) -> None:
        self.accept = False
        self.prompt_text: str | None = None
        self._notes = notes
        self._give_up = give_up
        self._answered = 0

    def begin_step(self) -> None:
        """A step begins: its dialogs are counted anew."""
        self._answered = 0

    def opened(self, tab: Tab, session: str, dialog: JsonObject) -> StepError | None:
        """Answer a dialog; or, when it is one too many, what the step is to fail with.

        One whose text was too long to be read has no members, and is told as ``unknown``.
        """
        kind = str(dialog.get("type", "unknown"))
        message = str(dialog.get("message", ""))[:_MOST_CHARS]
        self._answered += 1
        if self._answered > MOST_IN_A_STEP:
            return StepError(
                f"the page opened more than {MOST_IN_A_STEP} dialogs in a row (the last: {kind}"
                f" '{message:.100}'); it was closed"
            )
        accept = kind in _ACCEPTED or self.accept
        answer: JsonObject = {"accept": accept}
        if accept and kind == "prompt":
            text = self.prompt_text
            answer["promptText"] = dialog.get("defaultPrompt", "") if text is None else text
        answered = tab.call("Page.handleJavaScriptDialog", answer, session)
        answered.addErrback(self._refused, tab)
        self._notes.add("dialogs", {"type": kind, "message": message, "accepted": accept})
        return None

    def _refused(self, failure: Failure, tab: Tab) -> None:
        """The dialog has gone by itself; or it has come between a page and the next."""
        failure.trap(BrowserError)
        problem = failure.value
        is_leaving = isinstance(problem, CdpError) and problem.reason.startswith(_LEAVING)
        if is_leaving and not tab.is_closed:
            self._give_up(tab)
