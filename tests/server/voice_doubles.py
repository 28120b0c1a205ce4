"""A server whose voice is made of doubles, and clients that take binary messages."""

from typing import Any

from twisted.internet.defer import Deferred, succeed

from car.ir.json import JsonObject
from car.server.server_state import ServerState
from car.server.voice import Voice
from car.voice.errors import UnknownProvider
from car.voice.hearing import Ears, IHearing
from car.voice.interfaces import ISpeakers
from car.voice.records import AudioSource, VoiceOptions
from car.voice.speakers.records import Enrollment, EnrollmentAudio, PreparedDiarizer
from car.voice.speech.records import Chunk, SpeechOptions
from tests.server.doubles import Peer, RecordingConnection, ServerCase
from tests.voice.session_doubles import FakeHearing, FakeRecogniser, FakeSpeakers


class BinaryConnection(RecordingConnection):
    """Keeps binary messages as well."""

    def __init__(self) -> None:
        super().__init__()
        self.binary: list[bytes] = []

    def sendMessage(self, payload: bytes, isBinary: bool) -> None:
        """Keep it."""
        assert isBinary
        self.binary.append(payload)


class VoicePeer(Peer):
    """A client with an eye for voice events."""

    connection: BinaryConnection

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self.connection = self.session._connection = BinaryConnection()

    def events(self) -> list[JsonObject]:
        """The params of the voice events that have come since the last look."""
        return [frame["params"] for frame in self.new() if frame.get("method") == "voice.event"]

    def start(self, session_id: str, **options: Any) -> JsonObject:
        """The answer to the start of a session."""
        source = {"kind": "pcm_push", "sample_rate": 16_000}
        params = {"session_id": session_id, "audio_source": source, "options": options}
        return self.answer("voice.transcribe_stream.start", params)


class FakeSynthesiser:
    """Makes the chunks that a test tells it to."""

    name = "parrot"

    def __init__(self) -> None:
        self.on_chunk: Any = None
        self.cancelled = 0
        self.speaking: Deferred[None]

    def speak(self, text: str, options: SpeechOptions, on_chunk: Any) -> "Deferred[None]":
        """Begin."""
        self.on_chunk = on_chunk
        self.speaking = Deferred(self._cancel)
        return self.speaking

    def chunk(self, octets: bytes = b"\1\2") -> "Deferred[None] | None":
        """Make a chunk; what the next one waits for."""
        waited: Deferred[None] | None = self.on_chunk(Chunk(octets, "pcm", 16_000))
        return waited

    def _cancel(self, _: "Deferred[None]") -> None:
        self.cancelled += 1


class FakeSynthesisers:
    """One of them."""

    def __init__(self) -> None:
        self.parrot = FakeSynthesiser()
        self.by_name: dict[str, Any] = {}
        self.stopped = 0

    def choose(self, options: SpeechOptions) -> "Deferred[Any]":
        """Fires with it, or fails for any other."""
        if options.provider not in (None, "parrot"):
            raise UnknownProvider(
                f"unknown speech provider '{options.provider}'; known are: parrot"
            )
        settled = SpeechOptions(provider="parrot", format=options.format or "pcm")
        return succeed((self.parrot, settled))

    def stop(self) -> "Deferred[None]":
        """Count it."""
        self.stopped += 1
        return succeed(None)


class FakeKnownSpeakers:
    """Knows whom it is told of; ``session`` tells the speakers of every session."""

    def __init__(self) -> None:
        self.session = FakeSpeakers()
        self.known: dict[str, Enrollment] = {}
        self.audio: EnrollmentAudio
        self.stopped = 0

    def open(self) -> "Deferred[ISpeakers]":
        """The speakers of any session."""
        return succeed(self.session)

    def prepare(self) -> "Deferred[PreparedDiarizer]":
        """Ready."""
        return succeed(PreparedDiarizer(model_id="ears"))

    def enroll(self, label: str, audio: EnrollmentAudio) -> "Deferred[Enrollment]":
        """Know one more."""
        self.audio = audio
        self.known[label] = Enrollment(label=label, model_id="ears", path=f"/{label}.toml")
        return succeed(self.known[label])

    def enrollments(self) -> "Deferred[list[Enrollment]]":
        """All of them."""
        return succeed(list(self.known.values()))

    def remove(self, label: str) -> "Deferred[None]":
        """Know one less."""
        self.known.pop(label, None)
        return succeed(None)

    def stop(self) -> "Deferred[None]":
        """Count it."""
        self.stopped += 1
        return succeed(None)


class VoiceCase(ServerCase):
    """A server on voice doubles."""

    def serve(self, **settings: Any) -> None:
        """As ServerCase does."""
        super().serve(**settings)
        self.voice: Voice = self.state.voice_sessions
        self.recogniser = FakeRecogniser()
        self.recogniser.name = "local"
        self.synthesisers = FakeSynthesisers()
        self.speakers = FakeKnownSpeakers()
        self.hearings: dict[str, FakeHearing] = {}
        vars(self.voice).update(
            recognisers=[self.recogniser],
            synthesisers=self.synthesisers,
            speakers=self.speakers,
            _hear=self.hear,
        )

    def hear(self, source: AudioSource, options: VoiceOptions, ears: Ears) -> "Deferred[IHearing]":
        """Open a hearing; it is known by the session whose events come of it."""
        self.hearing = FakeHearing(source, ears)
        return succeed(self.hearing)

    def voice_peer(self) -> VoicePeer:
        """A new connection."""
        return VoicePeer(self.state)
