"""Tests of car.server.voice: frames both ways, the end of connections, the end of all."""

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from car.proto.voice_frames import AudioFormat, Tag, VoiceFrame, pack_frame, read_frame
from car.server.interfaces import IBinaryConnection, IConnection, ISessionBound
from car.server.server_state import ServerState
from car.server.voice import STOP_SECONDS
from car.server.websocket import CarServerProtocol
from car.voice.errors import EngineFailed
from tests.server.voice_doubles import BinaryConnection, VoiceCase

ID = "0123456789abcdef0123456789abcdef"
PCM = bytes(640)


class FrameTests(VoiceCase):
    """Audio in binary frames."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()

    def push(self, sequence: int, session_id: str = ID) -> None:
        """A frame of audio arrives."""
        self.client.session.turn_began()
        frame = VoiceFrame(Tag.PCM_IN, session_id, sequence, PCM)
        self.client.session.binary_received(pack_frame(frame))
        self.client.session.turn_ended()

    def test_interfaces(self) -> None:
        """The real connection and its double can send binary; voice is bound to sessions."""
        verifyObject(ISessionBound, self.voice)
        for connection in (BinaryConnection(), CarServerProtocol()):
            self.assertTrue(IConnection.providedBy(connection))
            self.assertTrue(
                all(callable(getattr(connection, name)) for name in IBinaryConnection.names())
            )

    def test_audio(self) -> None:
        """A frame is a push without base64."""
        self.client.start(ID)
        self.push(0)
        self.push(1)
        self.assertEqual(self.hearing.pushed, [PCM, PCM])
        self.assertEqual(self.client.events(), [])

    def test_unknown_session(self) -> None:
        """A frame for no session is one error event."""
        for sequence in range(3):
            self.push(sequence)
        (told,) = self.client.events()
        self.assertEqual(told["session_id"], ID)
        self.assertEqual(
            told["event"],
            {"type": "error", "message": f"unknown session_id '{ID}'", "fatal": False},
        )

    def test_anothers_session(self) -> None:
        """A frame for the session of another connection does not reach it."""
        self.client.start(ID)
        owner, self.client = self.client, self.voice_peer()
        self.push(0)
        self.assertEqual(self.hearing.pushed, [])
        self.assertEqual(len(self.client.events()), 1)
        self.assertEqual(owner.events(), [])

    def test_no_frame(self) -> None:
        """Octets that are no frame are told under the connection's own id."""
        self.client.session.binary_received(b"what?")
        self.later()
        (told,) = self.client.events()
        self.assertEqual(told["session_id"], self.client.session.client_id)

    def test_unknown_are_counted(self) -> None:
        """How many frames came to nothing stands in the log when the connection goes."""
        self.push(0)
        self.client.lose()
        self.client.session.binary_received(pack_frame(VoiceFrame(Tag.PCM_IN, ID, 1, PCM)))
        self.assertEqual(self.voice._intakes, {})


class SpeechTests(VoiceCase):
    """Speech streams, as events and as frames, no faster than they are read."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()
        self.parrot = self.synthesisers.parrot

    def speak(self, **options: object) -> None:
        """Start a stream."""
        params = {"stream_id": ID, "text": "Hello.", "options": options}
        result = self.client.call("voice.tts_stream.start", params)
        self.assertEqual(
            result, {"stream_id": ID, "binary_frames": bool(options.get("binary_frames"))}
        )

    def test_events(self) -> None:
        """Chunks come as events; the last one is final."""
        self.speak()
        self.parrot.chunk(b"\1\2")
        self.parrot.speaking.callback(None)
        self.later()
        chunk, final = self.client.events()
        self.assertEqual(
            chunk,
            {
                "session_id": ID,
                "event": {
                    "type": "tts_chunk",
                    "stream_id": ID,
                    "seq": 0,
                    "audio_b64": "AQI=",
                    "format": "pcm",
                    "is_final": False,
                    "sample_rate": 16_000,
                },
            },
        )
        self.assertTrue(final["event"]["is_final"])
        self.assertEqual(self.client.call("voice.tts_stream.list"), {"streams": []})

    def test_frames(self) -> None:
        """With binary frames there are no events, and a frame ends the stream."""
        self.speak(binary_frames=True)
        self.parrot.chunk(b"\1\2")
        self.parrot.speaking.callback(None)
        self.later()
        self.assertEqual(
            [read_frame(octets) for octets in self.client.connection.binary],
            [
                VoiceFrame(Tag.TTS_CHUNK, ID, 0, b"\1\2", AudioFormat.PCM),
                VoiceFrame(Tag.TTS_END, ID, 1),
            ],
        )
        self.assertEqual(self.client.events(), [])

    def test_wav_frames(self) -> None:
        """The format is told."""
        self.speak(binary_frames=True, format="wav")
        self.parrot.chunk(b"\1\2")
        frame = read_frame(self.client.connection.binary[0])
        self.assertEqual((frame.format, frame.payload[:4]), (AudioFormat.WAV, b"RIFF"))

    def test_error_frame(self) -> None:
        """What breaks later is the last frame, or an error event."""
        self.speak(binary_frames=True)
        self.parrot.speaking.errback(EngineFailed("piper ended (signal 9)"))
        frame = read_frame(self.client.connection.binary[0])
        self.assertEqual((frame.tag, frame.payload), (Tag.TTS_ERROR, b"piper ended (signal 9)"))
        self.speak()
        self.parrot.speaking.errback(EngineFailed("piper ended"))
        self.later()
        (told,) = self.client.events()
        self.assertEqual(told["event"]["type"], "error")

    def test_after_what_was_said(self) -> None:
        """A frame does not overtake the text messages that were sent before it."""
        self.speak(binary_frames=True)
        self.client.session.notify("host.event", {})
        self.assertEqual(self.client.new(), [])
        self.parrot.chunk()
        self.assertEqual([frame["method"] for frame in self.client.new()], ["host.event"])

    def test_slow_reader(self) -> None:
        """While the client does not read, four parts wait and no more are made."""
        for binary in (False, True):
            self.speak(binary_frames=binary)
            self.client.session.output_stalled()
            waits = [self.parrot.chunk() for _ in range(4)]
            self.assertEqual(waits[:3], [None] * 3)
            last = waits[3]
            assert last is not None
            self.assertNoResult(last)
            self.client.session.output_resumed()
            self.successResultOf(last)
            self.assertIsNone(self.parrot.chunk())
            self.client.call("voice.tts_stream.cancel", {"stream_id": ID})

    def test_barge_in(self) -> None:
        """Speech in a session cancels what is played to the same connection, at once."""
        other = self.voice_peer()
        self.client.start("s1")
        other.start("s2")
        theirs = self.hearing
        self.client.start("s3")
        self.speak()
        theirs.begin(0)
        self.later()
        self.assertEqual([told["event"]["type"] for told in other.events()], ["speech_start"])
        self.assertEqual(self.parrot.cancelled, 0)
        self.hearing.begin(0)
        self.assertEqual(self.parrot.cancelled, 1)
        self.later()
        types = [told["event"]["type"] for told in self.client.events()]
        self.assertEqual(types, ["speech_start", "barge_in"])
        self.assertEqual(self.client.call("voice.tts_stream.list"), {"streams": []})


class EndTests(VoiceCase):
    """Connections that go, and the daemon's end."""

    def test_connection_goes(self) -> None:
        """Its sessions, streams and turns go with it, and nobody else's."""
        client, other = self.voice_peer(), self.voice_peer()
        other.start("other")
        client.start("own")
        client.call("voice.tts_stream.start", {"stream_id": "t", "text": "Hello."})
        client.call("voice.dispatch_turn", {"utterance": "hello"})
        client.lose()
        self.assertEqual([row.session_id for row in self.voice.registry.list()], ["other"])
        self.assertEqual((self.hearing.closed, self.synthesisers.parrot.cancelled), (1, 1))
        self.assertEqual(self.recogniser.opened[1].closed, 1)
        self.assertEqual(self.recogniser.opened[0].closed, 0)
        self.assertEqual((self.voice._turns, self.voice._intakes), ({}, {}))

    def test_goes_while_starting(self) -> None:
        """A session that was being opened is given up."""
        client = self.voice_peer()
        self.recogniser.opening.append(Deferred())
        client.send(
            "voice.transcribe_stream.start",
            {"session_id": "s", "audio_source": {"kind": "pcm_push", "sample_rate": 8_000}},
        )
        self.assertEqual(len(self.voice.registry.list()), 1)
        client.lose()
        self.assertEqual(self.voice.registry.list(), [])

    def test_service_stops(self) -> None:
        """With the daemon everything ends, and the processes are waited for."""
        self.state.startService()
        client = self.voice_peer()
        client.start("s")
        client.call("voice.tts_stream.start", {"stream_id": "t", "text": "Hello."})
        self.successResultOf(self.voice.stopService())
        self.assertEqual(self.hearing.closed, 1)
        self.assertEqual((self.synthesisers.parrot.cancelled, self.synthesisers.stopped), (1, 1))
        self.assertEqual(self.speakers.stopped, 1)

    def test_service_does_not_wait_for_ever(self) -> None:
        """A session that does not let go holds the end up for a while only."""
        self.voice_peer().start("s")
        self.patch(self.recogniser.opened[0], "close", lambda: Deferred())
        stopped = self.voice.stopService()
        self.assertNoResult(stopped)
        self.later(STOP_SECONDS)
        self.successResultOf(stopped)
        self.assertEqual(self.synthesisers.stopped, 1)

    def test_nothing_built(self) -> None:
        """A daemon that nobody spoke to has built nothing, and ends at once."""
        self.state = ServerState(self.state.config, self.clock)
        voice = self.state.voice_sessions
        voice.session_closed("nobody")
        self.successResultOf(voice.stopService())
        built = {"engines", "registry", "speakers", "streams", "synthesisers"} & set(vars(voice))
        self.assertEqual(built, set())
