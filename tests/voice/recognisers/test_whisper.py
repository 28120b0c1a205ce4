"""Tests of car.voice.recognisers.whisper, with processes that are fakes."""

import base64
from itertools import pairwise

from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, TooMany
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.recognisers import locate
from car.voice.recognisers.whisper import MAX_MODELS, WhisperRecogniser
from car.voice.records import VoiceOptions
from tests.voice.recognisers.doubles import SECOND, FakeWorkerTestCase, in_thread, make_model


class WhisperTestCase(FakeWorkerTestCase):
    """A recogniser whose model is the environment's."""

    def setUp(self) -> None:
        super().setUp()
        self.recogniser = WhisperRecogniser(
            self.clock, in_thread, {"CAR_WHISPER_MODEL": str(self.model)}, threads=2
        )

    def session(self, **options: object) -> IRecognition:
        """A session; the model knows English."""
        return self.open(self.recogniser, ["en"], **options)

    def say(self, session: IRecognition, seconds: int) -> "Deferred[str]":
        """A whole segment of so many seconds."""
        session.began()
        session.audio(SECOND * seconds)
        text: Deferred[str] = session.ended()
        return text


class OpenTests(WhisperTestCase):
    """WhisperRecogniser.open: the model and the language."""

    def test_worker(self) -> None:
        """Sessions on one model share one worker, which is told its directory and threads."""
        one, _ = self.session(), self.session()
        verifyObject(IRecogniser, self.recogniser)
        verifyObject(IRecognition, one)
        (process,) = self.clock.processes
        self.assertEqual(
            process.received[0]["open"],
            {"engine": "whisper", "directory": str(self.model), "threads": 2},
        )
        self.assertEqual(self.recogniser.pids, [process.pid])

    def test_models(self) -> None:
        """Another model has another worker; beyond a few no more are loaded."""
        self.session()
        for number in range(1, MAX_MODELS):
            self.session(model=str(make_model(self.model.with_name(f"model-{number}"))))
        self.assertEqual(len(self.clock.processes), MAX_MODELS)
        more = VoiceOptions(model=str(make_model(self.model.with_name("more"))))
        failure = self.failureResultOf(self.recogniser.open(more, None, None), TooMany)
        self.assertIn("2 speech models are loaded already", failure.getErrorMessage())

    def test_language(self) -> None:
        """A language that the model does not know is refused; one that it knows is passed on."""
        opening = self.recogniser.open(VoiceOptions(language="de-CH"), None, None)
        self.process.say({"opened": True})
        self.answer(["en"])
        failure = self.failureResultOf(opening, InvalidRequest)
        self.assertEqual(
            failure.getErrorMessage(),
            "language: the speech model 'tiny' knows en, not 'de-CH'",
        )
        self.say(self.session(language="en-GB"), 1)
        self.assertEqual(self.calls[-1]["arguments"]["language"], "en")

    def test_not_ready(self) -> None:
        """Readiness and opening say what is missing."""
        self.patch(locate, "packaged_file", lambda name, ending: None)
        recogniser = WhisperRecogniser(self.clock, in_thread, {})
        text = self.successResultOf(recogniser.readiness())
        self.assertEqual(text, locate.NO_MODEL)
        failure = self.failureResultOf(recogniser.open(VoiceOptions(), None, None))
        self.assertIs(failure.type, MissingComponent)
        self.assertEqual(failure.getErrorMessage(), locate.NO_MODEL)
        self.assertEqual(self.clock.processes, [])

    def test_no_library(self) -> None:
        """A worker that lacks its library fails the opening with that."""
        opening = self.recogniser.open(VoiceOptions(), None, None)
        told = {"type": "MissingComponent", "message": "install it"}
        self.process.say({"failed": told})
        failure = self.failureResultOf(opening, MissingComponent)
        self.assertEqual(failure.getErrorMessage(), "install it")

    def test_stopped(self) -> None:
        """After stop() nothing is opened any more, on no model."""
        self.session()
        stopping = self.recogniser.stop()
        self.process.end(signal=9)
        self.successResultOf(stopping)
        other = str(make_model(self.model.with_name("other")))
        for model in (None, other):
            opening = self.recogniser.open(VoiceOptions(model=model), None, None)
            self.failureResultOf(opening, EngineFailed)
        self.assertEqual(self.recogniser.pids, [])


class TextTests(WhisperTestCase):
    """WhisperRecognition.ended: texts of segments."""

    def test_text(self) -> None:
        """All audio of a segment is decoded once it has ended."""
        session = self.session()
        session.began()
        session.audio(b"\1\0" * 160)
        session.audio(b"\2\0" * 160)
        self.assertEqual(len(self.calls), 1)
        text = session.ended()
        call = self.calls[-1]
        self.assertEqual(call["op"], "decode")
        pcm = base64.b64decode(call["arguments"].pop("pcm"))
        self.assertEqual(pcm, b"\1\0" * 160 + b"\2\0" * 160)
        self.assertEqual(call["arguments"], {"final": True})
        self.answer("an owl")
        self.assertEqual(self.successResultOf(text), "an owl")

    def test_order(self) -> None:
        """A segment that ends while another is decoded comes after it."""
        session = self.session()
        first, second = self.say(session, 1), self.say(session, 2)
        self.assertEqual(len(self.calls), 2)
        self.answer("one")
        self.assertNoResult(second)
        self.answer("two")
        texts = [self.successResultOf(first), self.successResultOf(second)]
        self.assertEqual(texts, ["one", "two"])

    def test_pending(self) -> None:
        """What came after the segment that is being decoded is in arrears; what is open, not."""
        session = self.session(partials=False)
        session.began()
        session.audio(SECOND * 12)
        self.assertEqual(session.pending_ms, 0)
        session.ended()
        self.assertEqual(session.pending_ms, 0)
        self.say(session, 2)
        session.began()
        session.audio(SECOND)
        self.assertEqual(session.pending_ms, 3_000)
        self.answer("one")
        self.assertEqual(session.pending_ms, 1_000)
        self.answer("two")
        self.assertEqual(session.pending_ms, 0)

    def test_crash(self) -> None:
        """The text in a worker that ends fails; those after it are made by another worker."""
        session = self.session()
        first, second = self.say(session, 1), self.say(session, 1)
        self.process.end(signal=9)
        failure = self.failureResultOf(first, EngineFailed)
        self.assertEqual(failure.getErrorMessage(), "whisper worker exited (signal 9)")
        self.assertEqual(len(self.clock.processes), 2)
        self.process.say({"opened": True})
        self.answer("two")
        self.assertEqual(self.successResultOf(second), "two")

    def test_given_up(self) -> None:
        """A text that nobody waits for any more is not made."""
        session = self.session()
        first, second, third = (self.say(session, 1) for _ in range(3))
        for text in (first, second):
            text.addErrback(lambda _: None)
            text.cancel()
        self.answer("one")
        self.answer("three")
        self.assertEqual(self.successResultOf(third), "three")
        self.assertEqual(len(self.calls), 3)

    def test_close(self) -> None:
        """Closing fails what is awaited; the worker goes on with the others' audio."""
        session, other = self.session(), self.session()
        texts = [self.say(session, 1), self.say(session, 1)]
        kept = self.say(other, 1)
        self.successResultOf(session.close())
        for text in texts:
            self.failureResultOf(text, EngineFailed)
        self.answer("late")
        self.answer("kept")
        self.assertEqual(self.successResultOf(kept), "kept")

    def test_closed(self) -> None:
        """Audio that comes after the end is dropped, and gives no text."""
        session = self.session()
        session.began()
        session.close()
        session.audio(SECOND)
        self.failureResultOf(session.ended(), EngineFailed)
        self.failureResultOf(self.say(session, 1), EngineFailed)
        self.assertEqual(session.pending_ms, 0)


class GuessTests(WhisperTestCase):
    """WhisperRecognition.audio: guesses at the open segment."""

    def test_pace(self) -> None:
        """The first comes after 1 s, another never while one is made nor sooner than 1 s later."""
        session = self.session()
        session.began()
        loaded = len(self.calls)
        for tenth in range(1, 40):
            self.clock.advance(0.1)
            session.audio(SECOND[:3_200])
            if tenth == 14:
                self.assertEqual(len(self.calls), loaded + 1)
                self.assertFalse(self.calls[-1]["arguments"]["final"])
                self.answer("an owl")
        self.assertEqual(len(self.calls), loaded + 2)
        self.assertEqual(self.partials, ["an owl"])

    def test_slow(self) -> None:
        """On a busy machine guesses come so seldom that they take half of the time at most."""
        session = self.session()
        session.began()
        asked = []
        for tenth in range(150):
            before = len(self.calls)
            self.clock.advance(0.1)
            session.audio(SECOND[:3_200])
            if len(self.calls) > before:
                asked.append(tenth)
            if asked and tenth == asked[-1] + 20:
                self.answer("an owl")
        self.assertEqual(len(asked), 4)
        for one, later in pairwise(asked):
            self.assertApproximates(later - one, 40, 1)

    def test_stale(self) -> None:
        """What was guessed at a segment that has ended meanwhile is not told."""
        session = self.session()
        session.began()
        self.clock.advance(1.1)
        session.audio(SECOND)
        text = session.ended()
        session.began()
        self.answer("an")
        self.answer("an owl")
        self.assertEqual(self.successResultOf(text), "an owl")
        self.assertEqual(self.partials, [])

    def test_crash(self) -> None:
        """A worker that ends while guessing costs nothing."""
        session = self.session()
        session.began()
        self.clock.advance(1.1)
        session.audio(SECOND)
        self.process.end(signal=9)
        text = session.ended()
        self.process.say({"opened": True})
        self.answer("an owl")
        self.assertEqual(self.successResultOf(text), "an owl")

    def test_text_first(self) -> None:
        """A text of one session comes before a guess for another."""
        guessing, other = self.session(), self.session()
        self.say(other, 1)
        guessing.began()
        self.clock.advance(1.1)
        guessing.audio(SECOND)
        text = self.say(other, 1)
        self.answer("one")
        self.answer("two")
        self.assertEqual(self.successResultOf(text), "two")
        self.assertFalse(self.calls[-1]["arguments"]["final"])

    def test_unwanted(self) -> None:
        """Who wants no partials costs no decoding."""
        session = self.session(partials=False)
        session.began()
        self.clock.advance(5)
        session.audio(SECOND)
        self.assertEqual([call["op"] for call in self.calls], ["load"])
