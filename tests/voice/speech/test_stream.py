"""Tests of car.voice.speech.streams and stream."""

from base64 import b64decode
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.ir.json import to_value
from car.voice.errors import (
    DuplicateSession,
    EngineFailed,
    InvalidRequest,
    MissingKey,
    TooMany,
    UnknownProvider,
)
from car.voice.interfaces import ISynthesiser
from car.voice.speech.records import MOST_TEXT_CHARS, Chunk, SpeechOptions, StreamPart
from car.voice.speech.stream import MOST_UNSENT, PART_BYTES
from car.voice.speech.streams import MOST, MOST_OF_CLIENT, SpeechStreams
from car.voice.speech.synthesisers import Synthesisers
from car.voice.speech.waves import wave_header
from tests.processes import SpawningClock
from tests.voice.needed import needs
from tests.voice.speech.doubles import Keys, Scripted, in_thread

ID = "s-1"
PCM = Chunk(b"\1\2" * 100, "pcm", 8_000)


@needs("sentencex")
class StreamCase(SynchronousTestCase):
    """Streams of a scripted synthesiser; ``parts`` are those sent, ``leaving`` what they wait
    for to leave."""

    def setUp(self) -> None:
        synthesisers = Synthesisers(SpawningClock(), in_thread, Keys(), {}, proxies={})
        self.voice = Scripted()
        synthesisers.by_name = {"scripted": self.voice}
        self.streams = SpeechStreams(synthesisers)
        self.parts: list[StreamPart] = []
        self.leaving: list[Deferred[None]] = []

    def send(self, part: StreamPart) -> None:
        """Send *part* at once."""
        self.parts.append(part)

    def send_slowly(self, part: StreamPart) -> Deferred[None]:
        """Send *part* when the test says so."""
        self.parts.append(part)
        self.leaving.append(Deferred())
        return self.leaving[-1]

    def start(self, stream_id: str = ID, client: str = "c", **members: Any) -> Deferred[None]:
        """Start a stream."""
        send = members.pop("send", self.send)
        text = members.pop("text", "Hello there.")
        options = SpeechOptions(provider=members.pop("provider", "scripted"), **members)
        return self.streams.start(stream_id, client, text, options, send)

    def begin(self, stream_id: str = ID, client: str = "c", **members: Any) -> None:
        """Start a stream that is taken on."""
        self.successResultOf(self.start(stream_id, client, **members))


@needs("sentencex")
class SpeechStreamTests(StreamCase):
    """What one stream sends, and when."""

    def test_parts(self) -> None:
        """Parts are numbered, each a WAV in itself; the last is final and empty."""
        self.begin()
        self.assertIsNone(self.voice.on_chunk(PCM))
        self.voice.on_chunk(PCM)
        self.voice.spoken.callback(None)
        self.assertEqual([part.seq for part in self.parts], [0, 1, 2])
        self.assertEqual([part.is_final for part in self.parts], [False, False, True])
        self.assertEqual(self.parts[0].octets, wave_header(200, 8_000) + PCM.octets)
        self.assertEqual(self.parts[2].octets, b"")
        self.assertEqual(self.streams.rows("c"), [])

    def test_event(self) -> None:
        """On the wire, a part is a tts_chunk."""
        self.begin()
        self.voice.on_chunk(PCM)
        event = to_value(self.parts[0].event())
        audio = b64decode(event.pop("audio_b64"))
        self.assertEqual(audio, self.parts[0].octets)
        self.assertEqual(
            event,
            {"type": "tts_chunk", "stream_id": ID, "seq": 0, "format": "wav", "is_final": False},
        )

    def test_other_formats(self) -> None:
        """MP3 and PCM go as they are; PCM tells its rate."""
        self.begin(format="mp3")
        self.voice.on_chunk(Chunk(b"mp3", "mp3", 0))
        self.begin("s-2", format="pcm")
        self.voice.on_chunk(PCM)
        mp3, pcm = (to_value(part.event()) for part in self.parts)
        self.assertEqual((mp3["format"], b64decode(mp3["audio_b64"])), ("mp3", b"mp3"))
        self.assertEqual((pcm["format"], pcm["sample_rate"]), ("pcm", 8_000))

    def test_long_chunk(self) -> None:
        """A long chunk goes as several parts of whole samples."""
        self.begin(format="pcm")
        self.voice.on_chunk(Chunk(bytes(PART_BYTES + 10), "pcm", 8_000))
        self.assertEqual([len(part.octets) for part in self.parts], [PART_BYTES, 10])

    def test_slow_listener(self) -> None:
        """With 4 parts unsent, no more is made until one has left."""
        self.begin(send=self.send_slowly)
        for _ in range(MOST_UNSENT - 1):
            self.assertIsNone(self.voice.on_chunk(PCM))
        room = self.voice.on_chunk(PCM)
        assert room is not None
        self.assertNoResult(room)
        self.leaving[0].callback(None)
        self.successResultOf(room)
        self.assertEqual(len(self.parts), MOST_UNSENT)

    def test_slow_listener_of_long_chunk(self) -> None:
        """Of a long chunk, no more than 4 parts are under way; the rest follows in order."""
        self.begin(send=self.send_slowly)
        room = self.voice.on_chunk(Chunk(bytes(6 * PART_BYTES), "pcm", 8_000))
        assert room is not None
        self.assertEqual(len(self.parts), MOST_UNSENT)
        for leaving in self.leaving[:2]:
            leaving.callback(None)
        self.assertEqual([part.seq for part in self.parts], [0, 1, 2, 3, 4, 5])
        self.assertNoResult(room)
        self.leaving[2].callback(None)
        self.successResultOf(room)

    def test_final_waits(self) -> None:
        """The stream is there until its final part has left."""
        self.begin(send=self.send_slowly)
        self.voice.spoken.callback(None)
        self.assertEqual(len(self.streams.rows("c")), 1)
        self.leaving[0].callback(None)
        self.assertEqual(self.streams.rows("c"), [])

    def test_failure(self) -> None:
        """What fails amid the speech is the error of the final part."""
        self.begin()
        self.voice.on_chunk(PCM)
        self.voice.spoken.errback(EngineFailed("piper ended (signal 9)"))
        last = self.parts[-1]
        self.assertTrue(last.is_final)
        self.assertEqual(
            to_value(last.event()),
            {"type": "error", "message": "piper ended (signal 9)", "fatal": True},
        )
        self.assertEqual(self.streams.rows("c"), [])

    def test_defect(self) -> None:
        """A defect of ours is logged, not told."""
        self.begin()
        self.voice.spoken.errback(ZeroDivisionError())
        self.assertEqual(self.parts[-1].error, "internal error")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_cancel(self) -> None:
        """Cancelling stops the synthesiser at once; nothing is sent after it."""
        self.begin(send=self.send_slowly)
        for _ in range(MOST_UNSENT):
            self.voice.on_chunk(PCM)
        self.voice.on_chunk(PCM)
        self.assertTrue(self.streams.cancel(ID, "c"))
        self.assertEqual(self.voice.cancelled, 1)
        for leaving in self.leaving:
            leaving.callback(None)
        self.assertEqual(len(self.parts), MOST_UNSENT)
        self.assertFalse(self.streams.cancel(ID, "c"))

    def test_listener_gone(self) -> None:
        """A part that cannot be sent ends the stream."""
        self.begin(send=self.send_slowly)
        self.voice.on_chunk(PCM)
        self.leaving[0].errback(EngineFailed("gone"))
        self.assertEqual(self.voice.cancelled, 1)
        self.assertEqual(self.streams.rows("c"), [])


@needs("sentencex")
class SpeechStreamsTests(StreamCase):
    """SpeechStreams: who may have how many, and whose they are."""

    def test_interface(self) -> None:
        """A synthesiser provides ISynthesiser."""
        verifyObject(ISynthesiser, self.voice)

    def test_rows(self) -> None:
        """A connection sees its own streams."""
        self.begin()
        self.begin("s-2", "other")
        self.voice.on_chunk(PCM)
        self.assertEqual(
            [to_value(row) for row in self.streams.rows("other")],
            [
                {
                    "stream_id": "s-2",
                    "provider": "scripted",
                    "format": "wav",
                    "status": "speaking",
                    "parts": 1,
                }
            ],
        )

    def test_ids(self) -> None:
        """An id has 1 to 64 characters; with binary frames it is 32 hex digits."""
        for wrong in ("", "x" * 65):
            self.failureResultOf(self.start(wrong), InvalidRequest)
        for wrong in (ID, "A" * 32, "a" * 31, "a" * 32 + "\n"):
            problem = self.failureResultOf(self.start(wrong, binary_frames=True), InvalidRequest)
            self.assertIn("32 lower-case hex digits", str(problem.value))
        self.begin("a" * 32, binary_frames=True)

    def test_duplicate(self) -> None:
        """An id is taken while its stream runs, for that connection only."""
        self.begin()
        problem = self.failureResultOf(self.start(), DuplicateSession)
        self.assertEqual(str(problem.value), "speech stream 's-1' already exists")
        self.begin(client="other")
        self.streams.cancel(ID, "c")
        self.begin()

    def test_texts(self) -> None:
        """A text has something to speak and up to 20,000 characters."""
        for wrong in ("", " \n", "...!", "x" * (MOST_TEXT_CHARS + 1)):
            problem = self.failureResultOf(self.start(text=wrong), InvalidRequest)
            self.assertTrue(str(problem.value).startswith("text: "))
        self.begin(text="x" * MOST_TEXT_CHARS)

    def test_bounds(self) -> None:
        """16 of a connection, 64 in all."""
        for number in range(MOST):
            self.begin(f"s-{number}", f"c-{number // MOST_OF_CLIENT}")
        self.failureResultOf(self.start("more", "c-0"), TooMany)
        problem = self.failureResultOf(self.start("more", "other"), TooMany)
        self.assertIn("64 speech streams", str(problem.value))
        self.streams.cancel("s-0", "c-0")
        self.begin("more", "other")

    def test_fails_whole(self) -> None:
        """A stream that no provider takes on leaves nothing behind."""
        self.voice.refusal = MissingKey("ELEVENLABS_API_KEY not set")
        self.failureResultOf(self.start(), MissingKey)
        self.assertEqual(self.streams.rows("c"), [])
        problem = self.failureResultOf(self.start(provider="nobody"), UnknownProvider)
        self.assertEqual(
            str(problem.value), "unknown speech provider 'nobody'; known are: scripted"
        )
        self.assertEqual(self.parts, [])

    def test_session_closed(self) -> None:
        """The end of a connection stops its streams, and no others."""
        self.begin()
        self.begin("s-2")
        self.begin("s-3", "other")
        self.assertEqual(self.streams.session_closed("c"), [ID, "s-2"])
        self.assertEqual(self.voice.cancelled, 2)
        self.assertEqual([row.stream_id for row in self.streams.rows("other")], ["s-3"])
        self.streams.stop_all()
        self.assertEqual(self.streams.rows("other"), [])

    def test_closed_while_starting(self) -> None:
        """A connection that ends before a provider is found gets nothing."""
        waiting: Deferred[str] = Deferred()
        self.patch(self.voice, "check", lambda options: waiting)
        started = self.start()
        row = self.streams.rows("c")[0]
        self.assertEqual((row.status, row.format), ("starting", None))
        self.streams.session_closed("c")
        waiting.callback("/scripted")
        self.successResultOf(started)
        self.assertEqual(self.voice.texts, [])
