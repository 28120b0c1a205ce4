"""Doubles of what a voice session is made of: a test says what is heard and understood."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.ir.json import JsonObject, decode
from car.voice.errors import EngineFailed, InvalidRequest, UnknownProvider
from car.voice.hearing import Ears, IHearing
from car.voice.interfaces import IRecogniser, IRecognition, ISpeakers, IVoiceEventSink
from car.voice.records import AudioSource, PcmPush, Role, VoiceOptions
from car.voice.segmenter import Began, Ended, More
from car.voice.session import VoiceSession
from car.voice.sessions import VoiceSessionRegistry

PUSH = PcmPush(sample_rate=16_000)
SECOND = bytes(32_000)
"""A second of silence as PUSH has it."""


@implementer(IVoiceEventSink)
class RecordingSink:
    """Keeps the events, as (session id, event)."""

    def __init__(self) -> None:
        self.all: list[tuple[str, JsonObject]] = []
        self._read = 0

    def send(self, session_id: str, event: str) -> None:
        """Keep one."""
        self.all.append((session_id, decode(event)))

    def new(self) -> list[JsonObject]:
        """The events since the last look."""
        events = [event for _, event in self.all[self._read :]]
        self._read = len(self.all)
        return events

    def new_types(self) -> list[str]:
        """The types of the events since the last look."""
        return [event["type"] for event in self.new()]


@implementer(IRecognition)
class FakeRecognition:
    """Keeps audio; a test gives the texts."""

    def __init__(self, on_partial: Any, on_failure: Any) -> None:
        self.pending_ms = 0
        self.partial, self.failure = on_partial, on_failure
        self.segments: list[bytes] = []
        self.texts: list[Deferred[str]] = []
        self.closed = 0

    def began(self) -> None:
        """A segment is open."""
        self.segments.append(b"")

    def audio(self, pcm: bytes) -> None:
        """Keep it."""
        self.segments[-1] += pcm

    def ended(self) -> "Deferred[str]":
        """The test fires it."""
        self.texts.append(Deferred())
        return self.texts[-1]

    def close(self) -> "Deferred[None]":
        """Texts that are awaited fail."""
        self.closed += 1
        for text in self.texts:
            if not text.called:
                text.errback(EngineFailed("closed"))
        return succeed(None)


@implementer(IRecogniser)
class FakeRecogniser:
    """Opens FakeRecognitions, at once unless ``opening`` holds Deferreds."""

    name = "fake"
    description = "A fake"

    def __init__(self) -> None:
        self.opened: list[FakeRecognition] = []
        self.options: list[VoiceOptions] = []
        self.opening: list[Deferred[None]] = []
        self.missing: str | None = None

    def readiness(self) -> "Deferred[str | None]":
        """As the test says."""
        return succeed(self.missing)

    def open(
        self, options: VoiceOptions, on_partial: object, on_failure: object
    ) -> "Deferred[IRecognition]":
        """Open one."""
        self.options.append(options)
        recognition = FakeRecognition(on_partial, on_failure)
        waited = self.opening.pop(0) if self.opening else succeed(None)

        def opened(_: None) -> IRecognition:
            self.opened.append(recognition)
            return recognition

        return waited.addCallback(opened)


class FakeHearing:
    """A hearing; the test calls its ears."""

    def __init__(self, source: AudioSource, ears: Ears) -> None:
        self.source = source
        self.ears = ears
        self.audio_ms = self.behind_ms = 0
        self.pushed: list[bytes] = []
        self.finished: list[Deferred[None]] = []
        self.finishes_at_once = True
        self.closed = 0

    def push(self, pcm: bytes) -> None:
        """Take it."""
        if not isinstance(self.source, PcmPush):
            raise InvalidRequest("audio_source.kind is not 'pcm_push'")
        self.pushed.append(pcm)
        self.audio_ms += len(pcm) // 32

    def finish(self) -> "Deferred[None]":
        """Fires at once, or when the test says."""
        self.finished.append(succeed(None) if self.finishes_at_once else Deferred())
        return self.finished[-1]

    def close(self) -> "Deferred[None]":
        """Count it."""
        self.closed += 1
        return succeed(None)

    def speak(
        self, start_ms: int, end_ms: int, audio: bytes = b"speech", cut: bool = False
    ) -> None:
        """A whole segment is heard."""
        self.begin(start_ms, audio[:2])
        self.ears.heard(More(audio[2:]))
        self.ears.heard(Ended(end_ms, cut))

    def begin(self, start_ms: int, audio: bytes = b"sp") -> None:
        """A segment begins."""
        self.ears.heard(Began(start_ms, audio))


@implementer(ISpeakers)
class FakeSpeakers:
    """Tells speakers as the test says."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.roles: list[Deferred[Role]] = []
        self.closed = 0

    def role(self, pcm: bytes) -> "Deferred[Role]":
        """The test fires it."""
        self.heard.append(pcm)
        self.roles.append(Deferred())
        return self.roles[-1]

    def close(self) -> "Deferred[None]":
        """Count it."""
        self.closed += 1
        return succeed(None)


class SessionCase(SynchronousTestCase):
    """A registry on doubles and a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.sink = RecordingSink()
        self.recogniser = FakeRecogniser()
        self.hearings: list[FakeHearing] = []
        self.hearing_fails: Exception | None = None
        self.speakers = FakeSpeakers()
        self.interrupted: list[str] = []
        self.plays = False
        self.registry = VoiceSessionRegistry(
            self.clock, self.find, self.hear, lambda: succeed(self.speakers), self.interrupt
        )

    def find(self, provider: str) -> IRecogniser:
        """The recogniser of that name."""
        if provider != "local":
            raise UnknownProvider(f"unknown provider '{provider}'; known are: local")
        return self.recogniser

    def hear(self, source: AudioSource, options: VoiceOptions, ears: Ears) -> "Deferred[IHearing]":
        """Open a hearing."""
        if self.hearing_fails is not None:
            return fail(self.hearing_fails)
        self.hearings.append(FakeHearing(source, ears))
        return succeed(self.hearings[-1])

    def interrupt(self, client_id: str) -> bool:
        """Note it; answers whether something plays."""
        self.interrupted.append(client_id)
        return self.plays

    def begin(
        self,
        session_id: str = "s",
        options: VoiceOptions | None = None,
        owner: str | None = "c1",
        source: AudioSource = PUSH,
    ) -> "Deferred[VoiceSession]":
        """Start a session."""
        return self.registry.start(session_id, source, options or VoiceOptions(), self.sink, owner)

    def listen(self, session_id: str = "s", **members: Any) -> VoiceSession:
        """A session that listens."""
        return self.successResultOf(self.begin(session_id, **members))

    @property
    def hearing(self) -> FakeHearing:
        """The last hearing."""
        return self.hearings[-1]

    @property
    def recognition(self) -> FakeRecognition:
        """The last recognition."""
        return self.recogniser.opened[-1]
