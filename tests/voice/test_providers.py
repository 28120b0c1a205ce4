"""Tests of car.voice.providers: the table, and the truth about readiness."""

from msgspec import to_builtins
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.voice.errors import MissingKey, UnknownProvider
from car.voice.interfaces import ISynthesiser
from car.voice.providers import Providers
from tests.voice.session_doubles import FakeRecogniser


@implementer(ISynthesiser)
class FakeSynthesiser:
    """Says that its key is missing."""

    name = "parrot"
    description = "A parrot"
    formats = ("pcm",)

    def readiness(self) -> "Deferred[str | None]":
        """It cannot even look."""
        return fail(MissingKey("PARROT_API_KEY not set"))

    def speak(self, text: str, options: object, on_chunk: object) -> "Deferred[None]":
        """Nothing."""
        return succeed(None)

    def check(self, options: object) -> "Deferred[str]":
        """As the readiness."""
        return fail(MissingKey("PARROT_API_KEY not set"))

    prepare = check

    def stop(self) -> "Deferred[None]":
        """There is nothing to stop."""
        return succeed(None)


class ProvidersTests(SynchronousTestCase):
    """What is known, and what is ready."""

    def setUp(self) -> None:
        self.fake = FakeRecogniser()
        self.providers = Providers([self.fake], [FakeSynthesiser()])

    def test_rows(self) -> None:
        """Each says what it is, and what it lacks where it lacks something."""
        self.assertEqual(
            to_builtins(self.successResultOf(self.providers.rows())),
            [
                {
                    "id": "fake",
                    "kind": "stt",
                    "available": True,
                    "ready": True,
                    "description": "A fake",
                },
                {
                    "id": "parrot",
                    "kind": "tts",
                    "available": True,
                    "ready": False,
                    "description": "A parrot",
                    "reason": "PARROT_API_KEY not set",
                },
            ],
        )
        self.fake.missing = "no speech model"
        row = self.successResultOf(self.providers.rows())[0]
        self.assertEqual((row.ready, row.reason), (False, "no speech model"))

    def test_recogniser(self) -> None:
        """One is found by name; an unknown name lists the known ones."""
        self.assertIs(self.providers.recogniser("fake"), self.fake)
        problem = self.assertRaises(UnknownProvider, self.providers.recogniser, "parrot")
        self.assertEqual(str(problem), "unknown voice provider 'parrot'; known are: fake")
