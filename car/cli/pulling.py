"""How a pull goes, shown to people: a bar on a terminal, a line now and then elsewhere.

Both take the events of ``models.pull_progress``; what a pull comes to is its command's to say.
"""

import shutil
from collections.abc import Callable
from typing import Protocol, TextIO

from car.eventlog.rendering import printable
from car.ir.json import JsonValue

BAR_CHARACTERS = 24
"""The length of a bar."""

LINE_SHARE = 0.1
LINE_MB = 100.0
"""After how much more of a file there is a line: a tenth, or so much of an unknown size."""


class Progress(Protocol):
    """Shows the events of one pull."""

    def take(self, event: JsonValue) -> None:
        """Show one more event."""

    def end(self) -> None:
        """Leave the terminal fit for other output."""


def show_progress(out: TextIO, seconds: Callable[[], float]) -> Progress:
    """What suits *out*; *seconds* is a clock."""
    return Bar(out, seconds) if out.isatty() else Lines(out)


class Lines:
    """A line for each file, each tenth of it, and its end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._told_mb = 0.0

    def take(self, event: JsonValue) -> None:
        """See Progress."""
        match event:
            case {"event": "file_started", "filename": name, "size_mb": size}:
                self._told_mb = 0.0
                self._say(f"{name}: {_size(size)}" if size else f"{name}: begun")
            case {"event": "file_progress", "received_mb": received, "size_mb": size}:
                if received - self._told_mb >= (size * LINE_SHARE or LINE_MB):
                    self._told_mb = received
                    self._say(f"{event['filename']}: {_amount(received, size)}")
            case {"event": "file_completed", "filename": name}:
                self._say(f"{name}: done")

    def end(self) -> None:
        """See Progress."""

    def _say(self, text: str) -> None:
        print(printable(text), file=self._out, flush=True)


class Bar:
    """One line a file, drawn over as it grows."""

    def __init__(self, out: TextIO, seconds: Callable[[], float]) -> None:
        self._out = out
        self._seconds = seconds
        self._name = ""
        self._size_mb = 0.0
        self._first: tuple[float, float] | None = None
        self._received_mb = 0.0
        self._drawn = 0

    def take(self, event: JsonValue) -> None:
        """See Progress."""
        match event:
            case {"event": "file_started", "filename": name, "size_mb": size}:
                self._name, self._size_mb, self._received_mb = name, size, 0.0
                self._first = None
                self._draw("")
            case {"event": "file_progress", "received_mb": received, "size_mb": size}:
                self._size_mb, self._received_mb = size, received
                self._draw(self._speed())
            case {"event": "file_completed"}:
                self._received_mb = self._size_mb or self._received_mb
                self._draw("")
                self.end()

    def end(self) -> None:
        """See Progress."""
        if self._drawn:
            self._out.write("\n")
            self._out.flush()
        self._drawn = 0

    def _speed(self) -> str:
        """How fast it goes and how long it takes, as far as that can be told yet.

        Counted from the file's first event, as a pull may go on where an earlier one ended.
        """
        now = self._seconds()
        if self._first is None:
            self._first = (now, self._received_mb)
        began, before = self._first
        if now <= began or self._received_mb <= before:
            return ""
        rate = (self._received_mb - before) / (now - began)
        if not self._size_mb:
            return f"  {rate:.1f} MB/s"
        return f"  {rate:.1f} MB/s  {_duration((self._size_mb - self._received_mb) / rate)} left"

    def _draw(self, speed: str) -> None:
        bar = ""
        if self._size_mb:
            full = round(self._received_mb / self._size_mb * BAR_CHARACTERS)
            bar = f"[{'#' * full}{'-' * (BAR_CHARACTERS - full)}]  "
        amount = _amount(self._received_mb, self._size_mb)
        text = printable(f"{self._name}  {bar}{amount}{speed}")
        shown = text[: shutil.get_terminal_size().columns - 1]
        self._out.write("\r" + shown.ljust(self._drawn))
        self._out.flush()
        self._drawn = len(shown)


def _amount(received: float, size: float) -> str:
    if not size:
        return _size(received)
    return f"{received / size:.0%}  {received:.0f} of {_size(size)}"


def _size(megabytes: float) -> str:
    return f"{megabytes:.0f} MB" if megabytes >= 1 else f"{megabytes:.2f} MB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
