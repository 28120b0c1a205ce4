"""Tests of car.voice.speech.synthesisers and synthesiser."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import EngineFailed, MissingComponent
from car.voice.speech import sentences
from car.voice.speech.records import SpeechOptions
from car.voice.speech.synthesiser import Synthesiser
from car.voice.speech.synthesisers import Synthesisers
from tests.processes import SpawningClock
from tests.voice.needed import needs
from tests.voice.speech.doubles import Keys, Scripted, in_thread


@needs("sentencex")
class ChoiceTests(SynchronousTestCase):
    """Synthesisers.choose where nobody names one."""

    def choose(
        self, **ready: bool
    ) -> tuple[dict[str, Scripted], Deferred[tuple[Synthesiser, SpeechOptions]]]:
        """All of them, and what is chosen where those are *ready*."""
        synthesisers = Synthesisers(SpawningClock(), in_thread, Keys(), {}, proxies={})
        by_name: dict[str, Scripted] = {}
        for name in ("local", "piper", "espeak", "elevenlabs"):
            voice = Scripted()
            voice.refusal = None if ready.get(name) else EngineFailed(f"no {name}")
            by_name[name] = voice
        synthesisers.by_name = by_name
        return by_name, synthesisers.choose(SpeechOptions())

    def test_order(self) -> None:
        """The server that was set up, then piper, then espeak."""
        for ready, name in (
            ({"local": True, "piper": True, "espeak": True}, "local"),
            ({"piper": True, "espeak": True}, "piper"),
            ({"espeak": True, "elevenlabs": True}, "espeak"),
        ):
            by_name, choosing = self.choose(**ready)
            chosen, _ = self.successResultOf(choosing)
            self.assertIs(chosen, by_name[name])

    def test_none(self) -> None:
        """Where none is ready all reasons are told; no service is asked unasked."""
        _, choosing = self.choose(elevenlabs=True)
        problem = self.failureResultOf(choosing, MissingComponent)
        self.assertEqual(
            str(problem.value), "no provider can speak this: no local; no piper; no espeak"
        )

    def test_closing(self) -> None:
        """Stopping ends what they hold."""
        synthesisers = Synthesisers(SpawningClock(), in_thread, Keys(), {}, proxies={})
        self.successResultOf(synthesisers.stop())

    def test_library(self) -> None:
        """Without the library that finds sentences, none is ready, and the text says why."""

        def missing(*_: Any) -> None:
            raise MissingComponent("speech needs the optional package sentencex")

        self.patch(sentences, "import_component", missing)
        reason = self.successResultOf(Scripted().readiness())
        self.assertEqual(reason, "speech needs the optional package sentencex")
