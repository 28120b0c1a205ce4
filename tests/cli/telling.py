"""A daemon that says what a test tells it to, for commands that wait; and a terminal."""

import io
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.testing import MemoryReactor

from car.cli.errors import CommandError, Interrupted
from car.errors import CarError
from car.ir.json import JsonObject, JsonValue
from tests.cli.running import CommandCase


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class TellingClient:
    """Records calls; once ``go_on`` is called, tells all of ``told`` and gives the answers."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.told: list[tuple[str, JsonObject]] = []
        self.calls: list[tuple[str, JsonObject]] = []
        self._handlers: dict[str, Callable[[Any], object]] = {}
        self._waiting: list[tuple[str, Deferred[JsonValue]]] = []

    def on(self, method: str, handler: Callable[[Any], object]) -> None:
        """As CarClient has it."""
        self._handlers[method] = handler

    def call(
        self, method: str, params: JsonObject, *, timeout: float | None = 0
    ) -> "Deferred[JsonValue]":
        """As CarClient has it."""
        asked: Deferred[JsonValue] = Deferred()
        self.calls.append((method, params))
        self._waiting.append((method, asked))
        return asked

    def go_on(self) -> None:
        """Send the notifications, then what ``answers`` have: a result, or a failure."""
        handlers, self._handlers = self._handlers, {}
        waiting, self._waiting = self._waiting, []
        for method, params in self.told:
            if method in handlers:
                handlers[method](params)
        for method, asked in waiting:
            answer = self.answers.get(method)
            if isinstance(answer, Exception):
                asked.errback(answer)
            elif answer is not None:
                asked.callback(answer)


class ToldCase(CommandCase):
    """The commands of *module* speak to a TellingClient."""

    module: Any = None

    def setUp(self) -> None:
        super().setUp()
        self.client = TellingClient()
        self.reactor: Any = MemoryReactor()
        self.patch(self.module, "run_with_daemon", self.run_told)

    def run_told(self, url: str | None, work: Any) -> Any:
        """As run_with_daemon, without one; a call that is not answered meets Ctrl-C."""
        ended: list[Any] = []
        done = Deferred.fromCoroutine(work(self.client, self.reactor))
        done.addBoth(ended.append)
        self.client.go_on()
        done.cancel()
        (end,) = ended
        problem = getattr(end, "value", None)
        if isinstance(problem, CancelledError):
            raise Interrupted("interrupted")
        if isinstance(problem, CarError) and not isinstance(problem, CommandError):
            raise CommandError(str(problem))
        if isinstance(problem, Exception):
            raise problem
        return end
