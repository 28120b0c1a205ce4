"""Voice over WebSocket frames in memory: who hears what, slow readers, lost connections."""

import tracemalloc

from car.ir.json import JsonObject, JsonValue, decode, encode
from car.proto.voice_frames import Tag, VoiceFrame, pack_frame, read_frame
from car.server.framing import BINARY, TEXT
from car.server.websocket import CarServerFactory
from car.testing.wire import RawPeer, client_frame, patch_timers
from car.voice.segmenter import Ended
from tests.server.voice_doubles import VoiceCase
from tests.voice.session_doubles import FakeHearing

IDS = "0" * 31 + "1", "0" * 31 + "2"
PCM = bytes(640)

PARTIALS = 20_000
MOST_GROWTH_BYTES = 1 << 20
"""What 20,000 partials may add to the memory: 1,024 that wait, and the text of the last."""


class VoiceClient:
    """A client that speaks frames, with one voice session."""

    def __init__(self, case: "VoiceWireTests", id: str) -> None:
        self.peer = RawPeer(case.factory)
        self.peer.open()
        self._case = case
        self.id = id
        source = {"kind": "pcm_push", "sample_rate": 16_000}
        self.call("voice.transcribe_stream.start", {"session_id": id, "audio_source": source})
        self.hearing: FakeHearing = case.hearing

    def call(self, method: str, params: JsonValue) -> None:
        """Send a request."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.peer.send(client_frame(TEXT, encode(message)))

    def push(self, sequence: int) -> None:
        """Send a frame of audio."""
        frame = pack_frame(VoiceFrame(Tag.PCM_IN, self.id, sequence, PCM))
        self.peer.send(client_frame(BINARY, frame))

    def received(self) -> list[JsonObject]:
        """The text messages that came since the last look."""
        self._case.later()
        return [decode(payload) for opcode, payload in self.peer.frames() if opcode == TEXT]

    def events(self) -> list[JsonObject]:
        """The voice events that came since the last look, of this client's session."""
        told = [frame["params"] for frame in self.received() if "params" in frame]
        assert {params["session_id"] for params in told} <= {self.id}, told
        return [params["event"] for params in told]


class VoiceWireTests(VoiceCase):
    """Two connections with a voice session each."""

    def setUp(self) -> None:
        super().setUp()
        patch_timers(self, self.clock)
        self.factory = CarServerFactory(self.state.open_session, self.clock)
        self.one, self.two = (VoiceClient(self, id) for id in IDS)
        self.one.received()
        self.two.received()

    def tearDown(self) -> None:
        """The connections go, and leave no timer."""
        for client in (self.one, self.two):
            client.peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_each_its_own(self) -> None:
        """Audio and events of two sessions never meet."""
        for sequence in range(3):
            self.one.push(sequence)
        self.two.push(0)
        self.assertEqual([len(client.hearing.pushed) for client in (self.one, self.two)], [3, 1])
        self.one.hearing.begin(10)
        self.two.hearing.begin(20)
        for client, at_ms in ((self.one, 10), (self.two, 20)):
            self.assertEqual(client.events(), [{"type": "speech_start", "at_ms": at_ms}])

    def test_slow_reader(self) -> None:
        """Who does not read loses partials, is told so, and costs little; others hear all."""
        recognition = self.recogniser.opened[0]
        self.one.hearing.begin(0)
        self.two.hearing.begin(0)
        self.one.events()
        self.two.events()
        self.one.peer.protocol.pauseProducing()
        tracemalloc.start()
        for number in range(PARTIALS):
            # Hypotheses that grow for ever would be the test's own memory.
            self.state.sessions[self.client_id].voice_event(
                self.one.id, {"type": "partial", "text": f"{number} words"}, droppable=True
            )
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertLess(grown, MOST_GROWTH_BYTES)
        self.one.hearing.ears.heard(Ended(900, cut=False))
        recognition.texts[0].callback("All of it.")
        self.recogniser.opened[1].partial("two")
        self.recogniser.opened[1].partial("two")
        self.assertEqual([event["type"] for event in self.two.events()], ["partial"])
        self.assertEqual(self.one.events(), [])
        self.one.peer.protocol.resumeProducing()
        lagged, *rest = self.one.events()
        self.assertEqual(lagged["type"], "lagged")
        partials = [event for event in rest if event["type"] == "partial"]
        self.assertEqual(lagged["dropped"] + len(partials), PARTIALS)
        self.assertEqual(partials[-1]["text"], f"{PARTIALS - 1} words")
        self.assertEqual([event["type"] for event in rest[-2:]], ["speech_end", "transcript"])

    @property
    def client_id(self) -> str:
        """The id of the first connection."""
        return next(iter(self.state.sessions))

    def test_dropped(self) -> None:
        """A connection that goes ends its session and frees the engine, and only those."""
        self.one.hearing.begin(0)
        self.one.peer.lose()
        self.assertEqual([row.session_id for row in self.voice.registry.list()], [self.two.id])
        self.assertEqual([one.closed for one in self.recogniser.opened], [1, 0])
        self.assertEqual((self.one.hearing.closed, self.two.hearing.closed), (1, 0))
        self.two.hearing.begin(5)
        self.assertEqual(len(self.two.events()), 1)

    def test_speech(self) -> None:
        """Speech goes out in binary frames among the text messages, in order."""
        options = {"binary_frames": True}
        params = {"stream_id": IDS[0], "text": "Hello.", "options": options}
        self.one.call("voice.tts_stream.start", params)
        self.synthesisers.parrot.chunk(b"\1\2")
        self.synthesisers.parrot.speaking.callback(None)
        (_, answer), *frames = self.one.peer.frames()
        self.assertEqual(decode(answer)["result"], {"stream_id": IDS[0], "binary_frames": True})
        self.assertEqual([opcode for opcode, _ in frames], [BINARY, BINARY])
        chunk, end = (read_frame(octets) for _, octets in frames)
        self.assertEqual((chunk.tag, chunk.payload), (Tag.TTS_CHUNK, b"\1\2"))
        self.assertEqual((end.tag, end.sequence), (Tag.TTS_END, 1))
