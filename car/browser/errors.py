"""What can go wrong between a script and its steps, in words for the client."""

from car.errors import CarError


class BrowserError(CarError):
    """The root of this package's failures."""

    code = "browser"


class NoBrowser(BrowserError):
    """No Chromium on this machine, or none that can do what was asked; the message has the cure."""

    code = "missing_component"


class BadArguments(BrowserError):
    """A launch parameter that cannot be honoured; the message names it and what would be right."""


class LaunchFailed(BrowserError):
    """A Chromium that was found and did not come up; the message has its last line."""


class BrowserExited(BrowserError):
    """The browser is gone, with all that was asked of it.

    ``exit_code`` is its exit code, or the negative number of the signal that ended it; None
    where that is not known (a connection that was lost, a browser closed on purpose).
    """

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class BrowserBusy(BrowserError):
    """Too many scripts wait for this browser, or too many browsers live at once."""

    code = "busy"


class CdpError(BrowserError):
    """The browser refused a call: ``method`` is the call's, ``reason`` the browser's own words."""

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method}: {reason}")
        self.method = method
        self.reason = reason


class AnswerTooLong(CdpError):
    """The browser's answer to a call is longer than its caller takes."""

    def __init__(self, method: str, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            method, f"the answer has {size_bytes} bytes, more than the {limit_bytes} allowed"
        )


class CdpTimeout(BrowserError):
    """The browser has not answered a call in the time that it was given."""

    code = "timeout"


class ScriptError(BrowserError):
    """A script that cannot be read: ``parse script: …``, naming the field."""


class ScriptTimeout(BrowserError):
    """A script that ran longer than a whole script may."""

    code = "timeout"


class StepError(BrowserError):
    """What a failing step of a script says; it ends the script, not the browser."""


class TabClosed(StepError):
    """The tab that a step waited for is gone."""


class PageError(StepError):
    """What a function of ours threw in a page."""
