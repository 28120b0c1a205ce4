"""A recogniser and the service it talks to, joined in memory; time is the test's."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.errors import CarError
from car.testing.wire import MemoryEndpoint, patch_timers
from car.voice.errors import EngineFailed
from car.voice.interfaces import IRecognition
from car.voice.records import VoiceOptions
from car.voice.remote.conversation import OCTETS_A_MS
from car.voice.remote.recogniser import RemoteRecogniser
from tests.voice.remote.standins.service import KEY, Conversation, Service, voice
from tests.voice.speech.doubles import Keys

FRAME = 32 * OCTETS_A_MS


class RemoteCase(SynchronousTestCase):
    """``partials`` and ``failures`` are what the session was told."""

    recogniser: type[RemoteRecogniser]
    conversation: type[Conversation]

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)
        self.service = Service(self.conversation, self.clock)
        self.endpoint = MemoryEndpoint(self.service, self.clock)
        self.partials: list[str] = []
        self.failures: list[EngineFailed] = []

    def make(self, keys: Keys | None = None) -> RemoteRecogniser:
        """The recogniser, with the service's key."""
        keys = keys or Keys(**{self.recogniser.key_name: KEY})
        return self.recogniser(self.clock, keys, "ws://127.0.0.1:9100", endpoint=self.endpoint)

    def opening(self, keys: Keys | None = None, **options: Any) -> Deferred[IRecognition]:
        """Begin to open a session."""
        opened = self.make(keys).open(
            VoiceOptions(**options), self.partials.append, self.failures.append
        )
        self.endpoint.flush()
        return opened

    def opened(self, **options: Any) -> IRecognition:
        """An open session."""
        return self.successResultOf(self.opening(**options))

    def speak(self, session: IRecognition, pcm: bytes) -> None:
        """More of the open segment, in frames."""
        for start in range(0, len(pcm), FRAME):
            session.audio(pcm[start : start + FRAME])
            self.settle()

    def segment(self, session: IRecognition, phrase: int, ms: int = 700) -> Deferred[str]:
        """A whole segment."""
        session.began()
        self.speak(session, voice(phrase, ms))
        text: Deferred[str] = session.ended()
        self.settle()
        return text

    def settle(self) -> None:
        """Let happen what takes no time."""
        for _ in range(3):
            self.endpoint.flush()
            self.clock.advance(0)
        self.endpoint.flush()

    def told(self, waiting: Deferred[Any], kind: type[CarError] = EngineFailed) -> str:
        """The words of a failure of that *kind*."""
        return str(self.failureResultOf(waiting, kind).value)

    def shut(self, session: IRecognition) -> None:
        """Close *session*; no timer is left, and the service has no complaint."""
        closed = session.close()
        self.settle()
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.service.complaints, [])
