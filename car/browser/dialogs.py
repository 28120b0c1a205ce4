"""Answering what a page asks of the person in front of it, as nobody is there.

Alerts and "leave this page?" are accepted, confirm and prompt are dismissed unless the script
said otherwise.  A page that will not stop is given up.
"""

from car.browser.errors import StepError
from car.browser.notes import Notes
from car.browser.tab import Tab
from car.ir.json import JsonObject

MOST_IN_A_STEP = 20
"""Dialogs of one step that are answered before the page is closed [ours]."""

_MOST_CHARS = 500

_ACCEPTED = ("alert", "beforeunload")


class Dialogs:
    """How dialogs are answered: ``accept`` and ``prompt_text`` for confirm and prompt."""

    def __init__(self, notes: Notes) -> None:
        self.accept = False
        self.prompt_text: str | None = None
        self._notes = notes
        self._answered = 0

    def begin_step(self) -> None:
        """A step begins: its dialogs are counted anew."""
        self._answered = 0

    def opened(self, tab: Tab, session: str, dialog: JsonObject) -> StepError | None:
        """Answer a dialog; or, when it is one too many, what the step is to fail with."""
        kind, message = str(dialog.get("type")), str(dialog.get("message", ""))[:_MOST_CHARS]
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
        tab.send("Page.handleJavaScriptDialog", answer, session)
        self._notes.add("dialogs", {"type": kind, "message": message, "accepted": accept})
        return None
