"""``voice.*`` over a session: params, results, errors, each event at its own client."""

from base64 import b64encode
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred

from car.inference.errors import MissingKey
from car.inference.records import Completion, GenerateRequest, TextDelta
from car.ir.json import JsonObject
from car.voice.errors import MissingComponent
from car.voice.records import AudioFile, Fifo, KnownSpeaker, Mic, PcmPush, System
from car.voice.speakers.records import PcmAudio, WavAudio
from car.voice.turns import SPOKEN
from tests.server.voice_doubles import VoiceCase

START = "voice.transcribe_stream.start"
PUSH = "voice.transcribe_stream.push"
STOP = "voice.transcribe_stream.stop"

PCM = bytes(3_200)
PCM_B64 = b64encode(PCM).decode()


class TranscriptionTests(VoiceCase):
    """Sessions."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()

    def test_life(self) -> None:
        """Started, pushed to, listed, stopped: all that was heard is in the last answer."""
        self.assertEqual(self.client.start("s")["result"], {"session_id": "s", "status": "started"})
        pushed = self.client.call(PUSH, {"session_id": "s", "pcm_b64": PCM_B64})
        self.assertEqual(pushed, {"accepted": True, "bytes": 3_200})
        self.assertEqual(self.hearing.pushed, [PCM])
        self.assertEqual(
            self.client.call("voice.sessions.list"),
            {"sessions": [{"session_id": "s", "status": "listening"}]},
        )
        self.hearing.speak(0, 90)
        id = self.client.send(STOP, {"session_id": "s"})
        self.later()
        types = [told["event"]["type"] for told in self.client.events()]
        self.assertEqual(types, ["speech_start", "speech_end"])
        self.recogniser.opened[0].texts[0].callback("Owls.")
        self.later()
        transcript, ended, answer = self.client.new()
        self.assertEqual(transcript["params"]["event"]["text"], "Owls.")
        self.assertEqual(ended["params"]["event"]["type"], "session_ended")
        self.assertEqual(answer["id"], id)
        self.assertEqual(
            answer["result"],
            {
                "session_id": "s",
                "status": "stopped",
                "text": "Owls.",
                "segments": [
                    {"text": "Owls.", "start_ms": 0, "duration_ms": 90, "role": "unknown"}
                ],
                "audio_ms": 100,
            },
        )
        self.assertEqual(self.client.call("voice.sessions.list"), {"sessions": []})

    def test_own_client(self) -> None:
        """The events of two connections' sessions arrive at their own client only."""
        other = self.voice_peer()
        self.client.start("a")
        first = self.hearing
        other.start("b")
        first.begin(10)
        self.hearing.begin(20)
        self.later()
        for client, id, at_ms in ((self.client, "a", 10), (other, "b", 20)):
            event = {"type": "speech_start", "at_ms": at_ms}
            self.assertEqual(client.events(), [{"session_id": id, "event": event}])

    def test_sources_and_options(self) -> None:
        """Every kind of source, and options, with their defaults."""
        for number, (given, source) in enumerate(
            (
                ({"kind": "mic"}, Mic()),
                ({"kind": "mic", "device": 3}, Mic(3)),
                ({"kind": "system"}, System()),
                ({"kind": "file", "path": "/x.wav"}, AudioFile("/x.wav")),
                (
                    {"kind": "fifo", "path": "/x", "sample_rate": 8_000, "channels": 2},
                    Fifo("/x", 8_000, 2),
                ),
                ({"kind": "pcm_push", "sample_rate": 44_100}, PcmPush(44_100)),
            )
        ):
            params: JsonObject = {"session_id": f"s{number}", "audio_source": given}
            self.client.call(START, {**params, "options": {"language": "en"}})
            self.assertEqual(self.hearing.source, source)
        options = self.recogniser.options[-1]
        self.assertEqual((options.provider, options.language), ("local", "en"))
        self.assertEqual(options.vad.min_silence_ms, 600)

    def test_wrong_source(self) -> None:
        """A source that is none names what is wrong with it."""
        for source, text in (
            ({"kind": "telepathy"}, "telepathy"),
            ({"kind": "pcm_push"}, "sample_rate"),
            ({}, "kind"),
        ):
            error = self.client.error(START, {"session_id": "s", "audio_source": source})
            self.assertEqual(error["code"], -32602)
            self.assertIn(text, error["message"])

    def test_refusals(self) -> None:
        """Duplicates, unknown providers and sessions are told as the specification words them."""
        self.client.start("s")
        error = self.client.start("s")["error"]
        self.assertEqual(error["message"], "voice session 's' already exists")
        self.assertEqual(error["data"], {"code": "duplicate"})
        error = self.client.start("t", provider="psychic")["error"]
        self.assertEqual(error["data"], {"code": "unknown_provider"})
        self.assertIn("known are: local", error["message"])
        for method in (PUSH, STOP):
            error = self.client.error(method, {"session_id": "x", "pcm_b64": ""})
            self.assertEqual(error["message"], "unknown session_id 'x'")
            self.assertEqual(error["data"], {"code": "not_found"})

    def test_behind(self) -> None:
        """Too much audio that waits refuses a push with ``busy``."""
        self.client.start("s")
        self.hearing.behind_ms = 10_001
        error = self.client.error(PUSH, {"session_id": "s", "pcm_b64": PCM_B64})
        self.assertEqual(error["message"], "voice session 's' is 10 s behind; slow down")
        self.assertEqual(error["data"], {"code": "busy"})

    def test_not_base64(self) -> None:
        """Audio that is no base64 is refused."""
        self.client.start("s")
        error = self.client.error(PUSH, {"session_id": "s", "pcm_b64": "!"})
        self.assertEqual((error["code"], self.hearing.pushed), (-32602, []))
        self.assertIn("pcm_b64", error["message"])

    def test_nothing_registered(self) -> None:
        """A start that fails leaves nothing."""
        opening: Deferred[None] = Deferred()
        self.recogniser.opening.append(opening)
        source = {"kind": "pcm_push", "sample_rate": 8_000}
        self.client.send(START, {"session_id": "s", "audio_source": source})
        self.assertEqual(self.client.new(), [])
        opening.errback(MissingComponent("no speech model"))
        self.later()
        (answer,) = self.client.new()
        self.assertEqual(answer["error"]["message"], "no speech model")
        self.assertEqual(answer["error"]["data"], {"code": "missing_component"})
        self.assertEqual(self.client.call("voice.sessions.list"), {"sessions": []})


class ProviderTests(VoiceCase):
    """What can do it."""

    def test_list(self) -> None:
        """An array of rows; one that is not ready says why."""
        self.recogniser.missing = "no speech model"
        (row,) = self.voice_peer().call("voice.providers.list")
        self.assertEqual(
            row,
            {
                "id": "local",
                "kind": "stt",
                "available": True,
                "ready": False,
                "description": "A fake",
                "reason": "no speech model",
            },
        )

    def test_parakeet(self) -> None:
        """What is not built in says so."""
        error = self.voice_peer().error("voice.prepare_parakeet")
        self.assertEqual(error["code"], -32603)
        self.assertIn("is not supported by this daemon", error["message"])


class SpeakerTests(VoiceCase):
    """Voices that are known by name."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()

    def test_life(self) -> None:
        """Enrolled, listed, removed, also a second time."""
        ada = {"label": "ada", "model_id": "ears", "path": "/ada.toml"}
        for audio, read in (
            ({"kind": "wav", "path": "/ada.wav"}, WavAudio("/ada.wav")),
            ({"kind": "pcm", "sample_rate": 8_000, "pcm_b64": "AAA="}, PcmAudio(8_000, "AAA=")),
        ):
            params = {"label": "ada", "audio": audio}
            self.assertEqual(self.client.call("voice.enroll_speaker", params), ada)
            self.assertEqual(self.speakers.audio, read)
        listed = self.client.call("voice.list_enrollments")
        self.assertEqual(listed, {"enrollments": [ada]})
        for _ in range(2):
            removed = self.client.call("voice.remove_enrollment", {"label": "ada"})
            self.assertEqual(removed, {"label": "ada", "removed": True})
        self.assertEqual(self.client.call("voice.list_enrollments"), {"enrollments": []})

    def test_prepare(self) -> None:
        """What tells speakers apart can be loaded beforehand."""
        self.assertEqual(
            self.client.call("voice.prepare_diarizer"), {"status": "ready", "model_id": "ears"}
        )

    def test_diarize(self) -> None:
        """A session that diarizes has the speakers' roles in its transcripts."""
        self.client.start("s", diarize=True)
        self.hearing.speak(0, 500)
        self.recogniser.opened[0].texts[0].callback("Owls.")
        self.speakers.session.roles[0].callback(KnownSpeaker(speaker="ada", score=0.9))
        self.later()
        self.assertEqual(
            self.client.events()[-1]["event"]["role"], {"speaker": "ada", "score": 0.9}
        )


class SpeechStreamTests(VoiceCase):
    """Speech to a connection; the parts are tested in ``tests.server.test_voice``."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()

    def test_life(self) -> None:
        """Started, listed, cancelled."""
        params = {"stream_id": "t", "text": "Hello.", "options": {"provider": "parrot"}}
        self.assertEqual(
            self.client.call("voice.tts_stream.start", params),
            {"stream_id": "t", "binary_frames": False},
        )
        (row,) = self.client.call("voice.tts_stream.list")["streams"]
        self.assertEqual((row["stream_id"], row["provider"]), ("t", "parrot"))
        other = self.voice_peer()
        self.assertEqual(other.call("voice.tts_stream.list"), {"streams": []})
        for client, cancelled in ((other, False), (self.client, True), (self.client, False)):
            self.assertEqual(
                client.call("voice.tts_stream.cancel", {"stream_id": "t"}),
                {"stream_id": "t", "cancelled": cancelled},
            )
        self.assertEqual(self.synthesisers.parrot.cancelled, 1)

    def test_refusals(self) -> None:
        """Unknown providers, and ids that no binary frame can carry."""
        for options, code in (
            ({"provider": "nobody"}, "unknown_provider"),
            ({"binary_frames": True}, "invalid_request"),
        ):
            params = {"stream_id": "t", "text": "Hello.", "options": options}
            error = self.client.error("voice.tts_stream.start", params)
            self.assertEqual(error["data"], {"code": code})


class Engine:
    """An inference engine that answers as a test says."""

    def __init__(self) -> None:
        self.requests: list[GenerateRequest] = []
        self.sinks: list[Any] = []
        self.answers: list[Deferred[Any]] = []

    async def generate(self, request: GenerateRequest, sink: Any = None) -> Any:
        """Keep the request and wait."""
        self.requests.append(request)
        self.sinks.append(sink)
        self.answers.append(Deferred())
        return await self.answers[-1]

    def session_closed(self, client_id: str) -> None:
        """A connection has gone."""


class TurnTests(VoiceCase):
    """Voice turns."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()
        self.engine = Engine()
        vars(self.state.inference)["engine"] = self.engine

    def dispatch(self, utterance: str = "how are you?", **members: Any) -> int:
        """The number of a new turn, which has begun."""
        params = {"utterance": utterance, **members}
        number: int = self.client.call("voice.dispatch_turn", params)["turn_id"]
        self.later()
        return number

    def events(self) -> list[JsonObject]:
        """The events since the last look."""
        self.later()
        return [told["event"] for told in self.client.events()]

    def answer(self, number: int, text: str) -> None:
        """The model answers the request of that number."""
        self.engine.answers[number].callback(SimpleNamespace(completion=Completion(text)))

    def test_two_tracks(self) -> None:
        """The quick model streams, the other answers whole; both read what is to be spoken."""
        self.assertEqual(self.dispatch(), 1)
        fast, full = self.engine.requests
        assert fast.intent is not None and full.intent is not None
        self.assertTrue(fast.intent.prefer_fast and full.intent.prefer_quality)
        self.assertEqual((fast.prompt, fast.system), ("how are you?", SPOKEN))
        self.engine.sinks[0](TextDelta("Well."))
        self.answer(0, "Well.")
        self.answer(1, "Very well.")
        self.assertEqual(
            self.events(),
            [
                {"type": "voice.turn.fast_delta", "turn_id": 1, "text": "Well."},
                {"type": "voice.turn.fast_done", "turn_id": 1},
                {"type": "voice.turn.sidecar", "turn_id": 1, "text": "Very well."},
            ],
        )

    def test_session_id(self) -> None:
        """Events carry the session's id, else the connection's."""
        for params, session_id in (
            ({}, self.client.session.client_id),
            ({"session_id": "s1"}, "s1"),
        ):
            self.client.call("voice.cancel_turn")
            self.later()
            self.client.new()
            self.dispatch("any mail from Ada?", **params)
            (told,) = self.client.events()
            self.assertEqual(told["session_id"], session_id)
            self.assertEqual(told["event"]["kind"], "email")

    def test_overlay(self) -> None:
        """An overlay is the system prompt; an empty one leaves none."""
        for overlay, system in (("Be a pirate.", "Be a pirate."), ("", None), (None, SPOKEN)):
            self.dispatch(config_overlay=overlay)
            self.assertEqual(self.engine.requests[-1].system, system)

    def test_memory(self) -> None:
        """The full answer knows what the session's memory does."""
        self.client.call("memory.add_fact", {"subject": "Ada", "body": "Ada keeps owls."})
        self.dispatch("what does Ada keep?")
        fast, full = self.engine.requests
        self.assertIsNone(fast.context)
        self.assertIn("Ada keeps owls.", full.context or "")

    def test_cancel(self) -> None:
        """A cancelled turn is told, and its number is not used again."""
        self.dispatch()
        self.client.send("voice.cancel_turn")
        told, answer = self.client.new()
        event = {"type": "voice.turn.cancelled", "turn_id": 1}
        self.assertEqual(told["params"]["event"], event)
        self.assertEqual(answer["result"], {"cancelled": True})
        self.assertEqual(self.client.call("voice.cancel_turn"), {"cancelled": True})
        self.assertEqual(self.dispatch(), 2)

    def test_no_model(self) -> None:
        """Where no model can be had the turn ends with an error."""
        self.dispatch()
        for answer in self.engine.answers:
            answer.errback(MissingKey("no key"))
        bridge, error = self.events()
        self.assertEqual(bridge["kind"], "unknown")
        self.assertEqual(error, {"type": "voice.turn.error", "turn_id": 1, "error": "no key"})

    def test_timeout(self) -> None:
        """A full answer may take as long as the client says."""
        self.dispatch(sidecar_timeout_ms=1_000)
        self.later(1)
        self.assertEqual(self.events()[-1]["type"], "voice.turn.error")
        error = self.client.error(
            "voice.dispatch_turn", {"utterance": "x", "sidecar_timeout_ms": 0}
        )
        self.assertIn("sidecar_timeout_ms", error["message"])

    def test_nothing_said(self) -> None:
        """Somebody must have said something."""
        error = self.client.error("voice.dispatch_turn", {"utterance": " "})
        self.assertEqual(error["code"], -32602)
        self.assertIn("utterance", error["message"])

    def test_prewarm(self) -> None:
        """Prewarming asks the quick model for one token, and is answered when it is there."""
        self.client.send("voice.prewarm_turn")
        (request,) = self.engine.requests
        assert request.intent is not None
        self.assertEqual((request.intent.prefer_fast, request.params.max_tokens), (True, 1))
        self.assertEqual(self.client.new(), [])
        self.answer(0, "Hi")
        self.later()
        (answer,) = self.client.new()
        self.assertEqual(answer["result"], {"prewarmed": True})

    def tearDown(self) -> None:
        """All connections go, so that nothing is left that waits."""
        for session in list(self.state.sessions.values()):
            session.connection_lost("the test is over")
