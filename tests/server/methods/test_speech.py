"""``transcribe``, ``synthesize`` and ``speech.prepare`` over a session."""

from typing import Any

from twisted.internet.defer import Deferred, succeed

from car.ir.json import JsonObject
from car.server.methods import speech
from car.voice.recognisers.engines import FileRequest
from car.voice.speech.synthesis import Synthesized, SynthesizeRequest
from tests.server.voice_doubles import VoiceCase
from tests.voice.session_doubles import FakeRecogniser


class Engines:
    """Recognises what a test says."""

    def __init__(self) -> None:
        self.requests: list[FileRequest] = []
        self.answer: Deferred[JsonObject]
        self.local = FakeRecogniser()

    def transcribe_file(self, request: FileRequest) -> "Deferred[JsonObject]":
        """Keep the request."""
        self.requests.append(request)
        self.answer = Deferred()
        return self.answer

    def stop(self) -> "Deferred[None]":
        """Nothing to stop."""
        return succeed(None)


class TranscribeTests(VoiceCase):
    """Files to text."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()
        self.engines = Engines()
        vars(self.voice)["engines"] = self.engines

    def transcribe(self, **params: Any) -> JsonObject:
        """The result for *params*."""
        self.client.send("transcribe", params)
        self.engines.answer.callback(
            {"text": "Owls.", "segments": [{"text": "Owls.", "start_ms": 0, "end_ms": 900}]}
        )
        self.later()
        (answer,) = self.client.new()
        result: JsonObject = answer["result"]
        return result

    def test_file(self) -> None:
        """As the official client asks: the engine gets the params, its result is answered."""
        params: JsonObject = {
            "audio_path": "/x.wav",
            "language": "en",
            "model": None,
            "prompt": None,
            "timestamps": None,
        }
        self.assertEqual(self.transcribe(**params)["segments"][0]["end_ms"], 900)
        (request,) = self.engines.requests
        self.assertEqual((request.audio_path, request.language), ("/x.wav", "en"))

    def test_no_timestamps(self) -> None:
        """Who wants no times gets the text alone."""
        result = self.transcribe(audio_path="/x.wav", timestamps=False)
        self.assertEqual(result, {"text": "Owls."})

    def test_permit(self) -> None:
        """It takes a place among the local inferences, and gives it back."""
        self.client.send("transcribe", {"audio_path": "/x.wav"})
        self.client.send("transcribe", {"audio_path": "/y.wav"})
        self.assertEqual(self.client.call("admission.status")["permits_available"], 0)
        self.assertEqual(len(self.engines.requests), 1)
        for _ in range(2):
            self.engines.answer.callback({"text": ""})
            self.later()
        self.assertEqual(len(self.engines.requests), 2)
        self.assertEqual(self.client.call("admission.status")["permits_available"], 1)


class SynthesizeTests(VoiceCase):
    """Text to files, and what is loaded beforehand."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.voice_peer()
        self.requests: list[SynthesizeRequest] = []
        self.patch(speech, "synthesize", self.synthesize)

    def synthesize(
        self, synthesisers: object, in_thread: object, request: SynthesizeRequest
    ) -> "Deferred[Synthesized]":
        """Keep the request."""
        self.assertIs(synthesisers, self.synthesisers)
        self.requests.append(request)
        return succeed(
            Synthesized(
                media_type="audio/wav",
                format="wav",
                provider="parrot",
                size_bytes=4,
                audio_b64="AA",
            )
        )

    def test_synthesize(self) -> None:
        """The request is passed on; of the result what is absent is not told."""
        params = {"text": "Hello.", "voice": "polly", "speed": None}
        self.assertEqual(
            self.client.call("synthesize", params),
            {
                "media_type": "audio/wav",
                "format": "wav",
                "provider": "parrot",
                "size_bytes": 4,
                "audio_b64": "AA",
            },
        )
        (request,) = self.requests
        self.assertEqual((request.text, request.voice, request.speed), ("Hello.", "polly", None))

    def test_permit(self) -> None:
        """What is computed here takes a place among the local inferences, a service does not."""
        permit = self.successResultOf(self.state.admission.acquire())
        for params in ({"model": "elevenlabs/x"}, {"provider": "local"}, {"model": "piper"}, {}):
            self.client.send("synthesize", {"text": "Hello.", **params})
        self.assertEqual(len(self.requests), 2)
        permit.release()
        self.assertEqual(len(self.requests), 4)
        self.later()

    def test_prepare(self) -> None:
        """What speaks is loaded and named; what listens is loaded where it is there."""
        engines = Engines()
        vars(self.voice)["engines"] = engines
        self.patch(speech, "prepare", lambda synthesisers: succeed("/usr/bin/parrot"))
        self.assertEqual(self.client.call("speech.prepare"), "/usr/bin/parrot")
        (recognition,) = engines.local.opened
        self.assertEqual(recognition.closed, 1)
        engines.local.missing = "no speech model"
        self.assertEqual(self.client.call("speech.prepare"), "/usr/bin/parrot")
        self.assertEqual(len(engines.local.opened), 1)
