"""Recognisers on processes that are fakes, and a fake model's directory."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, JsonValue
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.records import VoiceOptions
from tests.processes import FakeProcess, SpawningClock

SECOND = bytes(32_000)
"""A second of audio."""


def in_thread(function: Callable[..., Any], *arguments: Any) -> "Deferred[Any]":
    """Call at once, in no thread."""
    return maybeDeferred(function, *arguments)


def make_model(directory: Path) -> Path:
    """The files that a model directory must have, empty."""
    directory.mkdir(parents=True)
    for name in ("model.bin", "tokenizer.json"):
        (directory / name).touch()
    return directory


class FakeWorkerTestCase(SynchronousTestCase):
    """A clock that starts fakes; ``model`` is a directory with a model."""

    def setUp(self) -> None:
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        self.patch(tempfile, "tempdir", os.fspath(directory))
        self.model = make_model(directory / "tiny")
        self.clock = SpawningClock()
        self.partials: list[str] = []

    @property
    def process(self) -> FakeProcess:
        """The worker that was started last."""
        return self.clock.processes[-1]

    @property
    def calls(self) -> list[JsonObject]:
        """The calls that this worker has got."""
        return [message for message in self.process.received if "op" in message]

    def answer(self, result: JsonValue) -> None:
        """The worker answers its latest call."""
        self.process.say({"id": self.calls[-1]["id"], "result": result})

    def open(
        self, recogniser: IRecogniser, result: JsonValue = None, **options: Any
    ) -> IRecognition:
        """A session of *recogniser*, whose worker answers the first call with *result*."""
        opening = recogniser.open(VoiceOptions(**options), self.partials.append, self.fail)
        self.process.say({"opened": True})
        self.answer(result)
        recognition: IRecognition = self.successResultOf(opening)
        return recognition
