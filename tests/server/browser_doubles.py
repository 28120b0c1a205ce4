"""A session's browser that does what a test says, and the state around it."""

from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.browser.arguments import LaunchSettings
from car.browser.script import Script
from car.browser.steps import ScriptResult, Step
from car.ir.json import JsonObject
from car.server.interfaces import IBrowserSlot


def step(op: str, data: JsonObject | None = None, error: str | None = None) -> Step:
    """How an operation went."""
    return Step(op, "ok" if error is None else "error", data, error, 1.5)


@implementer(IBrowserSlot)
class FakeSlot:
    """Notes the scripts that it is given; a test ends them by their Deferreds in ``running``."""

    def __init__(self) -> None:
        self.scripts: list[tuple[Script, LaunchSettings]] = []
        self.running: list[Deferred[ScriptResult]] = []
        self.asked: list[str | None] = []
        self.closed = 0
        self.is_open = False

    def run(self, script: Script, settings: LaunchSettings) -> "Deferred[ScriptResult]":
        """Begin a script."""
        self.is_open = True
        self.scripts.append((script, settings))
        self.running.append(Deferred())
        return self.running[-1]

    def in_words(self, element_id: str | None) -> JsonObject:
        """Some words."""
        self.asked.append(element_id)
        return {"page": "http://shop.example/", "element": 'button "Pay"'}

    def close(self) -> "Deferred[bool]":
        """Close, at once."""
        self.closed += 1
        was_open, self.is_open = self.is_open, False
        done: Deferred[bool] = Deferred()
        done.callback(was_open)
        return done

    def end(self, *steps: Step) -> None:
        """Let the oldest script end so."""
        self.running.pop(0).callback(ScriptResult(list(steps)))

    def fail(self, problem: Exception) -> None:
        """Let the oldest script fail."""
        self.running.pop(0).errback(problem)

    @property
    def operations(self) -> list[Any]:
        """All operations of all scripts."""
        return [operation for script, _ in self.scripts for operation in script.operations]
