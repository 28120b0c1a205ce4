"""Tests of car.voice.recognisers.pocketsphinx, with processes that are fakes."""

import base64

from twisted.internet.defer import CancelledError
from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, InvalidRequest
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.recognisers.pocketsphinx import PocketsphinxRecogniser
from car.voice.records import VoiceOptions
from car.worker.process import IDLE_SECONDS
from tests.voice.recognisers.doubles import SECOND, FakeWorkerTestCase, in_thread


class PocketsphinxTestCase(FakeWorkerTestCase):
    """A recogniser and what its worker was asked."""

    def setUp(self) -> None:
        super().setUp()
        self.recogniser = PocketsphinxRecogniser(self.clock, in_thread)

    @property
    def asked(self) -> list[tuple[str, int, int]]:
        """Operation, session and milliseconds of each call with audio."""
        return [
            (call["op"], given["session"], len(base64.b64decode(given["pcm"])) // 32)
            for call in self.calls
            if "pcm" in (given := call["arguments"])
        ]


class OpenTests(PocketsphinxTestCase):
    """PocketsphinxRecogniser.open."""

    def test_decoders(self) -> None:
        """Each session has a decoder of its own in one process."""
        one, _ = (self.open(self.recogniser) for _ in range(2))
        verifyObject(IRecogniser, self.recogniser)
        verifyObject(IRecognition, one)
        (process,) = self.clock.processes
        self.assertEqual(process.received[0]["open"], {"engine": "pocketsphinx"})
        opened = [(call["op"], call["arguments"]["session"]) for call in self.calls]
        self.assertEqual(opened, [("open", 1), ("open", 2)])
        self.assertEqual(self.recogniser.pids, [process.pid])

    def test_refused(self) -> None:
        """Another language or model than its own is refused before anything is loaded."""
        for options, text in (
            (VoiceOptions(language="de"), "language: pocketsphinx knows en only, not 'de'"),
            (VoiceOptions(model="x"), "model: pocketsphinx has the model 'en-us' only, not 'x'"),
        ):
            failure = self.failureResultOf(self.recogniser.open(options, None, None))
            self.assertIs(failure.type, InvalidRequest)
            self.assertEqual(failure.getErrorMessage(), text)
        self.assertEqual(self.clock.processes, [])

    def test_given_up(self) -> None:
        """An opening that is cancelled leaves no decoder behind."""
        opening = self.recogniser.open(VoiceOptions(language="en-US"), None, None)
        self.process.say({"opened": True})
        opening.cancel()
        self.assertEqual([call["op"] for call in self.calls], ["open", "free"])
        self.answer(None)
        self.failureResultOf(opening, CancelledError)


class FeedTests(PocketsphinxTestCase):
    """PocketsphinxRecognition: feeding, partials, texts."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.open(self.recogniser)

    def test_pieces(self) -> None:
        """100 to 200 ms are fed at once, one piece after the other; each answer is told."""
        self.session.began()
        for _ in range(3):
            self.session.audio(bytes(32 * 32))
        self.assertEqual(self.asked, [])
        self.session.audio(bytes(32 * 32))
        self.assertEqual(self.asked, [("feed", 1, 128)])
        self.session.audio(SECOND[: 32 * 500])
        self.assertEqual(self.session.pending_ms, 628)
        for heard in ("an", "", "an owl"):
            self.answer(heard)
        self.assertEqual([length for _, _, length in self.asked], [128, 200, 200, 100])
        text = self.session.ended()
        self.answer("an owl")
        self.assertEqual(self.asked[-1], ("finish", 1, 0))
        self.answer("an owl flew")
        self.assertEqual(self.successResultOf(text), "an owl flew")
        self.assertEqual(self.partials, ["an", "an owl"])
        self.assertEqual(self.session.pending_ms, 0)

    def test_next_segment(self) -> None:
        """The next segment may begin before the text of the last; numbers tell them apart."""
        self.session.began()
        first = self.session.ended()
        self.session.began()
        self.session.audio(SECOND[: 32 * 150])
        second = self.session.ended()
        self.answer("one")
        self.assertEqual(self.calls[-1]["arguments"]["segment"], 2)
        self.answer("two")
        texts = [self.successResultOf(first), self.successResultOf(second)]
        self.assertEqual(texts, ["one", "two"])

    def test_in_turn(self) -> None:
        """A session in arrears does not hold up another one."""
        other = self.open(self.recogniser)
        for session in (self.session, other):
            session.began()
        self.session.audio(SECOND)
        other.audio(SECOND[: 32 * 300])
        for _ in range(4):
            self.answer("")
        self.assertEqual([session for _, session, _ in self.asked], [1, 2, 1, 2, 1])

    def test_crash(self) -> None:
        """A segment that was partly fed to a worker that ended is lost, the next one is not."""
        self.session.began()
        self.session.audio(SECOND)
        self.process.end(signal=9)
        self.session.audio(SECOND)
        self.assertEqual(self.session.pending_ms, 0)
        failure = self.failureResultOf(self.session.ended(), EngineFailed)
        self.assertEqual(failure.getErrorMessage(), "pocketsphinx worker exited (signal 9)")
        self.session.began()
        self.session.audio(SECOND[:6_400])
        text = self.session.ended()
        self.process.say({"opened": True})
        self.assertEqual(len(self.clock.processes), 2)
        self.answer("")
        self.answer("an owl")
        self.assertEqual(self.successResultOf(text), "an owl")

    def test_crash_awaited(self) -> None:
        """An awaited text fails with the worker; those after it are made by another worker."""
        self.session.began()
        first = self.session.ended()
        self.session.began()
        second = self.session.ended()
        self.process.end(status=70)
        self.failureResultOf(first, EngineFailed)
        self.process.say({"opened": True})
        self.answer("two")
        self.assertEqual(self.successResultOf(second), "two")

    def test_close(self) -> None:
        """Closing fails what is awaited and frees the decoder after the call that is made."""
        self.session.began()
        self.session.audio(SECOND)
        text = self.session.ended()
        closings = [self.session.close(), self.session.close()]
        self.failureResultOf(text, EngineFailed)
        self.assertNoResult(closings[0])
        self.answer("")
        self.assertEqual(self.calls[-1]["op"], "free")
        self.answer(None)
        for closing in [*closings, self.session.close()]:
            self.successResultOf(closing)
        self.assertEqual(self.partials, [])

    def test_closed(self) -> None:
        """Audio that comes after the end is dropped, and gives no text."""
        self.session.began()
        self.session.close()
        self.session.audio(SECOND)
        text = self.session.ended()
        self.session.began()
        self.session.audio(SECOND)
        failure = self.failureResultOf(text, EngineFailed)
        self.assertEqual(failure.getErrorMessage(), "the voice session was closed")
        self.failureResultOf(self.session.ended(), EngineFailed)
        self.assertEqual((self.asked, self.session.pending_ms), ([], 0))

    def test_close_without_worker(self) -> None:
        """Where the worker has ended nothing is started to free what is gone."""
        self.process.end(signal=9)
        self.successResultOf(self.session.close())
        self.assertEqual(len(self.clock.processes), 1)

    def test_close_amidst_crash(self) -> None:
        """A worker that ends while it frees has freed."""
        closing = self.session.close()
        self.process.end(signal=9)
        self.successResultOf(closing)

    def test_idle(self) -> None:
        """A worker that was stopped as nobody spoke is started anew when somebody does."""
        self.clock.advance(IDLE_SECONDS)
        self.assertEqual(self.process.signals, ["KILL"])
        self.session.began()
        self.session.audio(SECOND[:3_200])
        self.assertEqual(len(self.clock.processes), 2)

    def test_unwanted(self) -> None:
        """Who wants no partials is told none."""
        session = self.open(self.recogniser, partials=False)
        session.began()
        session.audio(SECOND[:3_200])
        self.answer("an owl")
        self.assertEqual(self.partials, [])
