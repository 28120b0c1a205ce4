"""Tests of car.voice.remote.{elevenlabs,deepgram,openai_realtime,services}: what is their own."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import EngineFailed
from car.voice.records import VoiceOptions
from car.voice.remote.deepgram import DeepgramRecogniser
from car.voice.remote.elevenlabs import ElevenLabsRecogniser
from car.voice.remote.link import ServiceBusy, ServiceRefused
from car.voice.remote.openai_realtime import OpenAIRealtimeRecogniser
from car.voice.remote.services import remote_recognisers
from tests.voice.remote.case import RemoteCase
from tests.voice.remote.standins.deepgram import DeepgramConversation
from tests.voice.remote.standins.elevenlabs import ElevenLabsConversation
from tests.voice.remote.standins.openai import OpenAIConversation
from tests.voice.remote.standins.service import voice
from tests.voice.speech.doubles import Keys


class ElevenLabsTests(RemoteCase):
    """Scribe: errors by name, transcripts in the order of commits."""

    recogniser = ElevenLabsRecogniser
    conversation = ElevenLabsConversation

    def test_request(self) -> None:
        """Format, strategy and language stand in the address, the key in a header."""
        session = self.opened(language="en-US")
        request = self.service.requests[0]
        self.assertEqual(request.path, "/v1/speech-to-text/realtime")
        self.assertEqual(request.params["language_code"], ["en"])
        self.assertNotIn("key", "".join(request.params))
        self.shut(session)

    def test_errors_that_end(self) -> None:
        """A key, quota or terms that are refused amid a session end it."""
        for kind in ("auth_error", "quota_exceeded", "unaccepted_terms"):
            session = self.opened()
            session.began()
            self.speak(session, voice(1, 300))
            self.service.last.problem(kind, "not any more")
            self.settle()
            self.assertEqual(str(self.failures[-1]), f"elevenlabs said {kind}: not any more")
            self.assertIsInstance(self.failures[-1], ServiceRefused)
            self.failureResultOf(session.ended(), ServiceRefused)
            self.shut(session)

    def test_errors_that_pass(self) -> None:
        """A service that has too much to do fails the segment and is not asked at once again."""
        for kind in ("rate_limited", "resource_exhausted", "queue_overflow"):
            session = self.opened()
            session.began()
            self.speak(session, voice(1, 300))
            connections = len(self.service.connections)
            self.service.last.problem(kind, "later")
            self.settle()
            self.assertEqual(len(self.service.connections), connections)
            self.failureResultOf(session.ended(), ServiceBusy)
            self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
            self.shut(session)
        self.assertEqual(self.failures, [])

    def test_errors_of_a_connection(self) -> None:
        """Others are tried again on a connection of their own."""
        for kind in ("transcriber_error", "session_time_limit_exceeded", "error"):
            session = self.opened()
            session.began()
            self.speak(session, voice(1, 300))
            self.service.last.problem(kind, "oops")
            self.speak(session, voice(1, 300))
            text = session.ended()
            self.settle()
            self.assertEqual(self.successResultOf(text), "one owl hoots")
            self.shut(session)

    def test_throttled(self) -> None:
        """A segment whose commit is refused is told again on a connection without its audio."""
        self.service.is_silent = True
        session = self.opened()
        text = self.segment(session, 1)
        self.service.is_silent = False
        self.service.last.problem("commit_throttled", "too short")
        self.settle()
        self.assertEqual(self.successResultOf(text), "one owl hoots")
        self.assertEqual(len(self.service.connections), 2)
        self.shut(session)

    def test_committed_unasked(self) -> None:
        """What the service commits by itself is the beginning of the segment's text."""
        session = self.opened()
        session.began()
        self.speak(session, voice(1, 700))
        self.service.last.commit()
        self.settle()
        self.speak(session, voice(2, 700))
        text = session.ended()
        self.settle()
        self.assertEqual(self.partials[-1], "one owl hoots two cats sleep")
        self.assertEqual(self.successResultOf(text), "one owl hoots two cats sleep")
        self.shut(session)

    def test_model(self) -> None:
        """A model that is not there fails the opening."""
        self.assertIn("cannot connect", self.told(self.opening(model="scribe_v9")))
        self.assertEqual(self.service.complaints, ["no such model"])


class DeepgramTests(RemoteCase):
    """Listen: keep-alive, several finals, segments by their place in time."""

    recogniser = DeepgramRecogniser
    conversation = DeepgramConversation

    def test_keep_alive(self) -> None:
        """A connection that idles is kept open; one that is spoken on is left alone."""
        session = self.opened()
        self.clock.pump([1] * 13)
        self.settle()
        self.assertEqual(self.service.last.messages, [{"type": "KeepAlive"}] * 3)
        session.began()
        for _ in range(6):
            session.audio(voice(1, 100))
            self.clock.advance(1)
        self.settle()
        self.assertEqual(self.service.last.messages.count({"type": "KeepAlive"}), 3)
        self.shut(session)
        self.assertIn({"type": "CloseStream"}, self.service.last.messages)

    def test_finals(self) -> None:
        """The finals of a segment are joined; partials go on from them."""
        session = self.opened()
        self.assertEqual(self.successResultOf(self.segment(session, 3, 2_400)), "three dogs run")
        self.assertIn("three dogs run", self.partials)
        self.shut(session)

    def test_not_said(self) -> None:
        """A final that reaches the end is as good as one that says it is from Finalize."""
        session = self.opened()
        self.service.last.says_from_finalize = False
        for phrase, words in ((1, "one owl hoots"), (2, "two cats sleep")):
            self.assertEqual(self.successResultOf(self.segment(session, phrase)), words)
        self.shut(session)

    def test_never_answered(self) -> None:
        """A Finalize without an answer is answered by what comes of the next segment."""
        self.service.is_silent = True
        session = self.opened()
        first = self.segment(session, 1)
        self.service.is_silent = False
        service = self.service.last
        service.result(["one"], True, False, 500)
        self.settle()
        self.assertNoResult(first)
        service.final_ms, service.pcm = service.all_ms, b""
        second = self.segment(session, 2)
        self.assertEqual(self.successResultOf(first), "one")
        self.assertEqual(self.successResultOf(second), "two cats sleep")
        self.shut(session)

    def test_late(self) -> None:
        """A result for what has its text already changes nothing."""
        session = self.opened()
        self.assertEqual(self.successResultOf(self.segment(session, 1)), "one owl hoots")
        service = self.service.last
        session.began()
        service.result(["late"], True, True)
        self.settle()
        self.speak(session, voice(2, 700))
        text = session.ended()
        self.settle()
        self.assertEqual(self.successResultOf(text), "two cats sleep")
        self.shut(session)

    def test_error(self) -> None:
        """What the service complains of is told, after another try."""
        session = self.opened()
        session.began()
        for _ in range(2):
            self.speak(session, voice(1, 200))
            self.service.last.complain("no such thing")
            self.settle()
        self.assertEqual(self.told(session.ended()), "deepgram said no such thing")
        self.shut(session)

    def test_request(self) -> None:
        """The language is passed on as it is; without one the service's default holds."""
        self.shut(self.opened(language="en-US"))
        self.shut(self.opened(partials=False))
        first, second = self.service.requests
        self.assertEqual(first.params["language"], ["en-US"])
        self.assertNotIn("language", second.params)
        self.assertEqual(second.params["interim_results"], ["false"])


class OpenAITests(RemoteCase):
    """Realtime: items, their order, errors about commits."""

    recogniser = OpenAIRealtimeRecogniser
    conversation = OpenAIConversation

    def test_update(self) -> None:
        """The session is told first what it is to be; languages as the model takes them."""
        self.shut(self.opened(language="en-GB"))
        told = self.service.last.messages[0]["session"]["audio"]["input"]
        self.assertEqual(
            told,
            {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "transcription": {"model": "gpt-live-transcribe", "languages": ["en"]},
                "turn_detection": None,
            },
        )
        self.shut(self.opened(language="en-GB", model="gpt-4o-transcribe"))
        told = self.service.last.messages[0]["session"]["audio"]["input"]["transcription"]
        self.assertEqual(told, {"model": "gpt-4o-transcribe", "language": "en"})

    def test_model(self) -> None:
        """A model that is not there fails the opening, in the service's words."""
        self.assertEqual(
            self.told(self.opening(model="gpt-9")),
            "openai_realtime said model_not_found: The model gpt-9 does not exist",
        )
        self.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_out_of_order(self) -> None:
        """Items may be complete in any order; texts are told in that of the segments."""
        session = self.opened()
        service = self.service.last
        service.holds = True
        first = self.segment(session, 1)
        service.holds = False
        second = self.segment(session, 2)
        self.assertNoResult(second)
        service.say(service.held[0])
        self.settle()
        self.assertEqual(self.successResultOf(first), "one owl hoots")
        self.assertEqual(self.successResultOf(second), "two cats sleep")
        self.shut(session)

    def test_failed(self) -> None:
        """An item that cannot be transcribed fails its segment only."""
        session = self.opened()
        service = self.service.last
        service.holds = True
        text = self.segment(session, 1)
        service.holds = False
        kind = "conversation.item.input_audio_transcription.failed"
        error = {"type": "server_error", "code": "oops", "message": "no luck", "param": None}
        service.event(kind, item_id="item-0", content_index=0, error=error)
        self.settle()
        self.assertEqual(self.told(text), "openai_realtime said oops: no luck")
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.assertEqual(len(self.service.connections), 1)
        self.shut(session)

    def test_commit_refused(self) -> None:
        """So does a commit that is refused."""
        self.service.is_silent = True
        session = self.opened()
        text = self.segment(session, 1)
        service = self.service.last
        service.problem("input_audio_buffer_commit_empty", "too small", "commit-1")
        self.settle()
        said = "openai_realtime said input_audio_buffer_commit_empty: too small"
        self.assertEqual(self.told(text), said)
        self.service.is_silent = False
        service.pcm = b""
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.shut(session)

    def test_errors(self) -> None:
        """Errors about nothing in particular: by their code."""
        for code, kind in (
            ("insufficient_quota", ServiceRefused),
            ("rate_limit_exceeded", ServiceBusy),
        ):
            session = self.opened()
            session.began()
            self.speak(session, voice(1, 300))
            self.service.last.problem(code, "no more")
            self.settle()
            self.failureResultOf(session.ended(), kind)
            self.shut(session)
        session = self.opened()
        session.began()
        self.speak(session, voice(1, 300))
        self.service.last.problem("session_expired", "60 minutes")
        self.speak(session, voice(1, 300))
        text = session.ended()
        self.settle()
        self.assertEqual(self.successResultOf(text), "one owl hoots")
        self.shut(session)


class ServicesTests(SynchronousTestCase):
    """remote_recognisers: all of them, at the addresses of the environment."""

    def test_addresses(self) -> None:
        """Their own, unless the environment has others, in any scheme."""
        environ = {
            "CAR_DEEPGRAM_URL": "http://127.0.0.1:1/proxy",
            "CAR_OPENAI_REALTIME_URL": "https://gateway.example/v1/realtime",
        }
        made = {one.name: one for one in remote_recognisers(None, Keys(), environ)}
        self.assertEqual(list(made), ["elevenlabs", "deepgram", "openai_realtime"])
        self.assertEqual(made["elevenlabs"].url, "wss://api.elevenlabs.io")
        self.assertEqual(made["deepgram"].url, "ws://127.0.0.1:1/proxy")
        self.assertEqual(made["openai_realtime"].url, "wss://gateway.example/v1/realtime")

    def test_nonsense(self) -> None:
        """An address that is none is told with its text."""
        environ = {"CAR_DEEPGRAM_URL": "nonsense"}
        recogniser = remote_recognisers(Clock(), Keys(DEEPGRAM_API_KEY="k"), environ)[1]
        opening = recogniser.open(VoiceOptions(), None, None)
        said = str(self.failureResultOf(opening, EngineFailed).value)
        self.assertIn("deepgram: cannot connect to nonsense", said)
        environ = {"CAR_DEEPGRAM_URL": "https://[nonsense"}
        recogniser = remote_recognisers(Clock(), Keys(DEEPGRAM_API_KEY="k"), environ)[1]
        opening = recogniser.open(VoiceOptions(), None, None)
        said = str(self.failureResultOf(opening, EngineFailed).value)
        self.assertIn("deepgram: 'wss://[nonsense' is no URL", said)
