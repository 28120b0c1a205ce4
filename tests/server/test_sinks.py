"""Tests of car.server.sinks: to the client alone, into memory first."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer
from zope.interface.verify import verifyObject

from car.errors import CarError
from car.ir.json import JsonObject, encode
from car.server.interfaces import IMemoryEngine
from car.server.limits import Limits
from car.server.sinks import ClientVoiceEventSink, MemgineIngestSink, speaker_label
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import KnownSpeaker, Partial, Transcript, event_text
from tests.server.doubles import EPOCH
from tests.server.voice_doubles import VoiceCase


class ClientSinkTests(VoiceCase):
    """Events to the connection that started a session."""

    def setUp(self) -> None:
        super().setUp()
        self.client, self.other = self.voice_peer(), self.voice_peer()
        self.sink = ClientVoiceEventSink(self.client.session)
        verifyObject(IVoiceEventSink, self.sink)

    def test_object(self) -> None:
        """An event arrives as an object, at its own client only."""
        self.sink.send("s1", '{"type":"speech_start","at_ms":5}')
        self.later()
        event = {"type": "speech_start", "at_ms": 5}
        self.assertEqual(self.client.events(), [{"session_id": "s1", "event": event}])
        self.assertEqual(self.other.events(), [])

    def test_not_json(self) -> None:
        """Text that is no JSON arrives as it is."""
        for text in ("oops", '{"type":', ""):
            self.sink.send("s1", text)
            self.later()
            self.assertEqual(self.client.events(), [{"session_id": "s1", "event": text}])

    def test_gone(self) -> None:
        """When the connection has gone, events come to nothing."""
        self.client.lose()
        self.sink.send("s1", '{"type":"speech_start"}')
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slow_reader(self) -> None:
        """A client that does not read loses partials and is told how many, but no final."""
        self.serve(limits=Limits(subscriber_notifications=4))
        client = self.voice_peer()
        sink = ClientVoiceEventSink(client.session)
        client.session.output_stalled()
        for number in range(6):
            sink.send("s1", event_text(Partial(f"words {number}")))
            if number % 3 == 2:
                sink.send("s1", event_text(Transcript(f"final {number}", 1, "unknown", 0)))
        self.later()
        self.assertEqual(client.events(), [])
        client.session.output_resumed()
        self.later()
        events = [told["event"] for told in client.events()]
        self.assertEqual(events[0], {"type": "lagged", "dropped": 4, "what": "events"})
        self.assertEqual(
            [event["text"] for event in events[1:]], ["final 2", "words 4", "words 5", "final 5"]
        )

    def test_too_slow(self) -> None:
        """One that leaves even the finals unread is closed with 1013."""
        self.serve(limits=Limits(subscriber_notifications=4))
        client = self.voice_peer()
        client.session.output_stalled()
        for _ in range(5):
            client.session.voice_event("s1", {"type": "transcript"})
        self.later()
        assert client.connection.closed is not None
        self.assertEqual(client.connection.closed[0], 1013)


@implementer(IMemoryEngine)
class FakeMemory:
    """Keeps lines; fails when a test wants it."""

    def __init__(self, order: list[Any]) -> None:
        self.order = order
        self.problem: Exception | None = None

    def ingest_conversation(self, speaker: str, text: str, at: float) -> "Deferred[None]":
        """Keep it."""
        self.order.append((speaker, text, at))
        return succeed(None) if self.problem is None else fail(self.problem)


@implementer(IVoiceEventSink)
class Upstream:
    """Keeps events."""

    def __init__(self, order: list[Any]) -> None:
        self.order = order

    def send(self, session_id: str, event: str) -> None:
        """Keep it."""
        self.order.append((session_id, event))


class IngestTests(VoiceCase):
    """A meeting's lines into memory, and on."""

    def setUp(self) -> None:
        super().setUp()
        self.order: list[Any] = []
        self.memory = FakeMemory(self.order)
        self.sink = MemgineIngestSink(
            "m1", self.memory, Upstream(self.order), {"v1": "mic"}.__getitem__, lambda: EPOCH
        )
        verifyObject(IVoiceEventSink, self.sink)

    def send(self, event: JsonObject) -> str:
        """Send an event; its text."""
        text = encode(event).decode()
        self.sink.send("v1", text)
        return text

    def test_order(self) -> None:
        """Memory hears a line before anybody else, who gets the event as it was."""
        text = self.send({"type": "transcript", "text": "We ship.", "role": "unknown", "more": 1})
        self.assertEqual(self.order, [("meeting:m1:mic", "We ship.", EPOCH), ("v1", text)])

    def test_only_transcripts(self) -> None:
        """Everything else only passes, also what is no JSON."""
        passed = [
            self.send({"type": "partial", "text": "a 'transcript'"}),
            self.send({"type": "error", "message": 'no "transcript"', "fatal": False}),
            self.send({"type": "transcript", "text": "", "role": "unknown"}),
        ]
        self.sink.send("v1", "raw")
        self.assertEqual(self.order, [("v1", text) for text in [*passed, "raw"]])

    def test_speakers(self) -> None:
        """An enrolled speaker is named; others by meeting, source and cluster."""
        for role, label in (
            ({"speaker": "ada", "score": 0.91}, "ada"),
            ({"speaker": "S2"}, "meeting:m1:mic:S2"),
            ("unknown", "meeting:m1:mic"),
        ):
            self.send({"type": "transcript", "text": "Hi.", "role": role})
            self.assertEqual(self.order[-2][0], label)
        enrolled = KnownSpeaker(speaker="ada", score=1.0)
        self.assertEqual(speaker_label("m", "system", enrolled), "ada")

    def test_memory_fails(self) -> None:
        """A memory that fails holds nothing up, and is complained of once."""
        self.memory.problem = CarError("full")
        for _ in range(3):
            self.send({"type": "transcript", "text": "Hi.", "role": "unknown"})
        self.assertEqual(len(self.order), 6)
        self.assertEqual(len(self.flushLoggedErrors(CarError)), 1)

    def test_real_memory(self) -> None:
        """A session's memory takes the lines."""
        client = self.voice_peer()
        session = client.session
        sink = MemgineIngestSink(
            "m1", session.memory_held, Upstream([]), lambda _: "mic", session.now
        )
        line = Transcript(
            "The release is on Friday.", 900, KnownSpeaker(speaker="ada", score=0.9), 0
        )
        sink.send("v1", event_text(line))
        context = session.memory.build_context("When is the release?", session.now())
        self.assertIn("ada", context)
        self.assertIn("The release is on Friday.", context)
