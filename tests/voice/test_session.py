"""Tests of car.voice.session: the order of events, the bounds, every ending."""

from itertools import pairwise

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from zope.interface.verify import verifyObject

from car.voice.errors import Behind, EngineFailed, InvalidRequest, SourceFailed, VoiceError
from car.voice.interfaces import IRecogniser, IRecognition, ISpeakers, IVoiceEventSink
from car.voice.records import AudioFile, KnownSpeaker, PcmPush, VoiceOptions
from car.voice.segmenter import Ended, More
from car.voice.session import RELEASE_SECONDS
from tests.voice.session_doubles import SECOND, SessionCase

DIARIZE = VoiceOptions(diarize=True)


class EventsTests(SessionCase):
    """What a session tells."""

    def test_doubles(self) -> None:
        """The doubles are what they stand for."""
        self.listen(options=DIARIZE)
        verifyObject(IVoiceEventSink, self.sink)
        verifyObject(IRecogniser, self.recogniser)
        verifyObject(IRecognition, self.recognition)
        verifyObject(ISpeakers, self.speakers)

    def test_segment(self) -> None:
        """Speech begins, grows, ends, and then its text comes, with its place in the audio."""
        session = self.listen()
        self.assertEqual(session.status, "listening")
        self.hearing.begin(320)
        self.assertEqual(session.status, "speaking")
        self.hearing.ears.heard(More(b"eech"))
        for text in ("the owl", "the owl sees", "the owl sees all"):
            self.recognition.partial(text)
        self.hearing.ears.heard(Ended(1_320, cut=False))
        self.assertEqual(session.status, "listening")
        self.assertEqual(self.recognition.segments, [b"speech"])
        self.recognition.texts[0].callback("The owl sees all.")
        self.assertEqual(
            self.sink.new(),
            [
                {"type": "speech_start", "at_ms": 320},
                {"type": "partial", "text": "the owl"},
                {"type": "partial", "text": "the owl sees"},
                {"type": "speech_end", "at_ms": 1_320},
                {
                    "type": "transcript",
                    "text": "The owl sees all.",
                    "duration_ms": 1_000,
                    "role": "unknown",
                    "start_ms": 320,
                },
            ],
        )
        self.assertEqual({id for id, _ in self.sink.all}, {"s"})

    def test_partials_only_extend(self) -> None:
        """Each partial begins with the one before, whatever the recogniser takes back."""
        self.listen()
        self.hearing.begin(0)
        for text in ("a", "a big", "a pig", "a pig can", "", "a big can fly", "a big can fly"):
            self.recognition.partial(text)
        shown = [event["text"] for event in self.sink.new()[1:]]
        self.assertGreater(len(shown), 1)
        for before, after in pairwise(shown):
            self.assertTrue(after.startswith(before) and after != before, shown)

    def test_partials_start_anew(self) -> None:
        """What comes of a segment that has ended is dropped; the next begins with nothing."""
        self.listen()
        self.hearing.speak(0, 500)
        self.recognition.partial("late")
        self.recognition.partial("late")
        self.hearing.begin(900)
        self.recognition.partial("new")
        self.recognition.partial("new")
        partials = [event["text"] for event in self.sink.new() if event["type"] == "partial"]
        self.assertEqual(partials, ["new"])

    def test_no_partials(self) -> None:
        """Who wants no partials gets none."""
        self.listen(options=VoiceOptions(partials=False))
        self.hearing.begin(0)
        self.recognition.partial("a")
        self.recognition.partial("a")
        self.assertEqual(self.sink.new_types(), ["speech_start"])

    def test_order(self) -> None:
        """Texts come in the order of their segments, whichever is there first."""
        self.listen()
        self.hearing.speak(0, 500)
        self.hearing.speak(1_000, 1_500)
        self.sink.new()
        self.recognition.texts[1].callback("two")
        self.assertEqual(self.sink.new(), [])
        self.recognition.texts[0].callback("one")
        self.assertEqual([event["text"] for event in self.sink.new()], ["one", "two"])

    def test_nothing_understood(self) -> None:
        """A segment without words has no transcript."""
        self.listen()
        self.hearing.speak(0, 500)
        self.recognition.texts[0].callback("")
        self.assertEqual(self.sink.new_types(), ["speech_start", "speech_end"])

    def test_segment_fails(self) -> None:
        """A segment that is not understood is an error in its place; the next still works."""
        self.listen()
        self.hearing.speak(0, 500)
        self.hearing.speak(1_000, 1_500)
        self.sink.new()
        self.recognition.texts[0].errback(EngineFailed("whisper worker exited (signal 9)"))
        self.recognition.texts[1].callback("two")
        error, transcript = self.sink.new()
        self.assertEqual(
            error,
            {"type": "error", "message": "whisper worker exited (signal 9)", "fatal": False},
        )
        self.assertEqual(transcript["text"], "two")

    def test_role(self) -> None:
        """Speakers hear the whole segment while its text is awaited; the transcript has both."""
        self.listen(options=DIARIZE)
        self.hearing.speak(0, 500)
        self.hearing.speak(1_000, 1_500)
        self.assertEqual(self.speakers.heard, [b"speech", b"speech"])
        self.sink.new()
        for number in (0, 1):
            self.recognition.texts[number].callback(f"text {number}")
        self.speakers.roles[1].callback(KnownSpeaker(speaker="S1"))
        self.assertEqual(self.sink.new(), [])
        self.speakers.roles[0].callback(KnownSpeaker(speaker="ada", score=0.9))
        roles = [event["role"] for event in self.sink.new()]
        self.assertEqual(roles, [{"speaker": "ada", "score": 0.9}, {"speaker": "S1"}])

    def test_role_fails(self) -> None:
        """Speakers that fail leave the role unknown, and say so once."""
        self.listen(options=DIARIZE)
        for number in (0, 1):
            self.hearing.speak(0, 500)
            self.recognition.texts[number].callback("text")
        self.sink.new()
        for role in self.speakers.roles:
            role.errback(EngineFailed("speaker worker exited"))
        events = self.sink.new()
        self.assertEqual([e["type"] for e in events], ["error", "transcript", "transcript"])
        self.assertEqual({e["role"] for e in events[1:]}, {"unknown"})

    def test_dropped_audio(self) -> None:
        """Audio that came too fast to be looked at is told in milliseconds."""
        self.listen()
        self.hearing.ears.dropped(250)
        self.assertEqual(self.sink.new(), [{"type": "lagged", "dropped": 250, "what": "audio_ms"}])

    def test_barge_in(self) -> None:
        """Who speaks while something is played to their connection interrupts it."""
        self.listen()
        self.hearing.speak(0, 500)
        self.assertEqual(self.sink.new_types(), ["speech_start", "speech_end"])
        self.plays = True
        self.hearing.begin(900)
        self.assertEqual(self.sink.new_types(), ["speech_start", "barge_in"])
        self.assertEqual(self.interrupted, ["c1", "c1"])

    def test_no_barge_in_of_meetings(self) -> None:
        """A meeting interrupts nobody."""
        self.plays = True
        self.listen(owner=None)
        self.hearing.begin(0)
        self.assertEqual((self.interrupted, self.sink.new_types()), ([], ["speech_start"]))


class StartTests(SessionCase):
    """A session starts whole or not at all."""

    def test_starting(self) -> None:
        """Until engine and source are open it is starting."""
        opening: Deferred[None] = Deferred()
        self.recogniser.opening.append(opening)
        started = self.begin()
        (row,) = self.registry.list()
        self.assertEqual((row.session_id, row.status), ("s", "starting"))
        self.assertNoResult(started)
        opening.callback(None)
        self.assertEqual(self.successResultOf(started).status, "listening")

    def assertNothing(self) -> None:
        """Nothing is registered, open or told."""
        self.assertEqual((self.registry.list(), self.sink.all), ([], []))
        for recognition in self.recogniser.opened:
            self.assertEqual(recognition.closed, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_source_fails(self) -> None:
        """A source that cannot be opened: the engine is let go of."""
        self.hearing_fails = SourceFailed("no such file")
        failure = self.failureResultOf(self.begin(options=DIARIZE), SourceFailed)
        self.assertEqual(str(failure.value), "no such file")
        self.assertEqual(len(self.recogniser.opened), 1)
        self.assertEqual(self.speakers.closed, 1)
        self.assertNothing()

    def test_engine_fails(self) -> None:
        """An engine that cannot be opened: no source is."""
        opening: Deferred[None] = Deferred()
        self.recogniser.opening.append(opening)
        started = self.begin()
        opening.errback(EngineFailed("cannot load"))
        self.failureResultOf(started, EngineFailed)
        self.assertEqual(self.hearings, [])
        self.assertNothing()

    def test_stopped_while_starting(self) -> None:
        """A stop gives up the start; so does the end of the connection."""
        for end in (self.registry.stop, None):
            opening: Deferred[None] = Deferred()
            self.recogniser.opening.append(opening)
            started = self.begin()
            if end is None:
                self.registry.session_closed("c1")
            else:
                self.assertEqual(self.successResultOf(end("s")).text, "")
            self.failureResultOf(started, VoiceError)
            self.assertNothing()


class PushTests(SessionCase):
    """Audio that is pushed."""

    def test_push(self) -> None:
        """It reaches the source, and its octets are answered."""
        self.listen()
        self.assertEqual(self.registry.push("s", SECOND, "c1"), len(SECOND))
        self.assertEqual(self.hearing.pushed, [SECOND])

    def test_behind(self) -> None:
        """Beyond 10 s that are not decoded a push is refused, until it is less."""
        self.listen()
        self.hearing.behind_ms, self.recognition.pending_ms = 4_000, 6_000
        self.registry.push("s", SECOND)
        self.recognition.pending_ms += 1
        problem = self.assertRaises(Behind, self.registry.push, "s", SECOND)
        self.assertEqual(str(problem), "voice session 's' is 10 s behind; slow down")
        self.hearing.behind_ms = 0
        self.registry.push("s", SECOND)

    def test_no_place(self) -> None:
        """A push that the ring buffer has no place for is refused rather than cut."""
        self.listen()
        problem = self.assertRaises(InvalidRequest, self.registry.push, "s", SECOND * 31)
        self.assertIn("30 s of audio, and this one has 31.0", str(problem))
        self.hearing.behind_ms = 1_000
        self.assertRaises(Behind, self.registry.push, "s", SECOND * 30)
        self.hearing.behind_ms = 0
        self.registry.push("s", SECOND * 30)

    def test_rate_counts(self) -> None:
        """What is a second depends on the source."""
        self.listen(source=PcmPush(sample_rate=8_000))
        self.assertRaises(InvalidRequest, self.registry.push, "s", SECOND * 16)

    def test_wrong_source(self) -> None:
        """A file takes no push."""
        self.listen(source=AudioFile("/x.wav"))
        self.assertRaises(InvalidRequest, self.registry.push, "s", SECOND)

    def test_wrong_time(self) -> None:
        """A session that starts or drains takes none."""
        self.recogniser.opening.append(Deferred())
        started = self.begin("t")
        problem = self.assertRaises(InvalidRequest, self.registry.push, "t", SECOND)
        self.assertIn("is starting and takes no audio", str(problem))
        self.registry.session_closed("c1")
        self.failureResultOf(started, VoiceError)
        self.listen()
        self.hearing.finishes_at_once = False
        self.registry.stop("s")
        problem = self.assertRaises(InvalidRequest, self.registry.push, "s", SECOND)
        self.assertIn("is draining", str(problem))


class EndTests(SessionCase):
    """Every way a session ends."""

    def assertGone(self) -> None:
        """Everything was let go of, once."""
        self.assertEqual(self.registry.list(), [])
        self.assertEqual((self.hearing.closed, self.recognition.closed), (1, 1))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """A stop waits for the audio to be cut up and for the last text; it has them all."""
        session = self.listen(options=DIARIZE)
        self.registry.push("s", SECOND * 2)
        self.hearing.speak(0, 500)
        self.recognition.texts[0].callback("One.")
        self.speakers.roles[0].callback("unknown")
        self.hearing.finishes_at_once = False
        stopped = self.registry.stop("s", "c1")
        self.assertEqual(session.status, "draining")
        self.hearing.speak(1_000, 1_750)
        self.hearing.finished[0].callback(None)
        self.assertNoResult(stopped)
        self.recognition.texts[1].callback("Two.")
        self.assertNoResult(stopped)
        self.speakers.roles[1].callback(KnownSpeaker(speaker="S1"))
        result = self.successResultOf(stopped)
        self.assertEqual((result.session_id, result.status), ("s", "stopped"))
        self.assertEqual((result.text, result.audio_ms), ("One. Two.", 2_000))
        second = result.segments[1]
        self.assertEqual((second.text, second.start_ms, second.duration_ms), ("Two.", 1_000, 750))
        self.assertEqual(second.role, KnownSpeaker(speaker="S1"))
        self.assertEqual(
            self.sink.new()[-1],
            {"type": "session_ended", "reason": "stopped", "audio_ms": 2_000},
        )
        self.assertEqual(self.speakers.closed, 1)
        self.assertGone()

    def test_settled(self) -> None:
        """What was said by then is waited for, also if nothing was understood; nothing else is."""
        session = self.listen()
        self.successResultOf(session.settled())
        self.hearing.begin(0)
        open_then = session.settled()
        self.hearing.ears.heard(Ended(500, False))
        awaited_then = session.settled()
        self.hearing.speak(1_000, 1_500)
        self.assertNoResult(open_then)
        self.recognition.texts[0].callback("")
        self.successResultOf(open_then)
        self.successResultOf(awaited_then)
        self.assertNoResult(later := session.settled())
        self.recognition.texts[1].errback(EngineFailed("broken"))
        self.successResultOf(later)

    def test_settled_at_the_end(self) -> None:
        """Nobody waits for a session that has ended; who gave up is not called."""
        session = self.listen()
        self.hearing.speak(0, 500)
        self.hearing.begin(1_000)
        waiting = [session.settled() for _ in range(2)]
        waiting[0].cancel()
        self.failureResultOf(waiting[0], CancelledError)
        session.end("stopped")
        self.successResultOf(waiting[1])
        self.successResultOf(session.settled())

    def test_two_stops(self) -> None:
        """Two may wait for the same end; one that gives up hurts nobody."""
        self.listen()
        self.hearing.finishes_at_once = False
        waiting = [self.registry.stop("s") for _ in range(3)]
        waiting[0].cancel()
        self.failureResultOf(waiting[0], CancelledError)
        self.hearing.finished[0].callback(None)
        self.assertEqual(self.successResultOf(waiting[1]), self.successResultOf(waiting[2]))
        self.assertEqual(len(self.hearing.finished), 1)
        self.assertGone()

    def test_stop_has_an_end(self) -> None:
        """A text that does not come is given up after 30 s, and said to be missing."""
        self.listen()
        self.hearing.speak(0, 500)
        self.sink.new()
        stopped = self.registry.stop("s")
        self.clock.advance(29.9)
        self.assertNoResult(stopped)
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(stopped).segments, [])
        error, ended = self.sink.new()
        self.assertIn("within 30 s", error["message"])
        self.assertEqual(ended["reason"], "stopped")
        self.assertGone()

    def test_engine_does_not_let_go(self) -> None:
        """A stop does not wait for ever for what is being let go of."""
        self.listen()
        self.patch(self.recognition, "close", lambda: Deferred())
        stopped = self.registry.stop("s")
        self.assertNoResult(stopped)
        self.clock.advance(RELEASE_SECONDS)
        self.successResultOf(stopped)
        self.assertEqual(len(self.flushLoggedErrors(TimeoutError)), 1)
        self.assertEqual(self.registry.list(), [])

    def test_stop_in_less(self) -> None:
        """Who stops may wait for less."""
        self.listen()
        self.hearing.speak(0, 500)
        stopped = self.registry.stop("s", seconds=10)
        self.clock.advance(10)
        self.successResultOf(stopped)

    def test_source_ends(self) -> None:
        """At the source's own end the last texts still come."""
        self.listen(source=AudioFile("/x.wav"))
        self.hearing.speak(0, 500)
        self.hearing.ears.ended(None)
        self.recognition.texts[0].callback("All.")
        transcript, ended = self.sink.new()[-2:]
        self.assertEqual((transcript["text"], ended["reason"]), ("All.", "source_ended"))
        self.assertGone()

    def test_source_breaks(self) -> None:
        """A source that breaks is a fatal error, after which what was heard is still told."""
        self.listen(source=AudioFile("/x.wav"))
        self.hearing.speak(0, 500)
        self.sink.new()
        self.hearing.ears.ended("the device is gone")
        self.recognition.texts[0].callback("All.")
        error, transcript, ended = self.sink.new()
        self.assertEqual(error, {"type": "error", "message": "the device is gone", "fatal": True})
        self.assertEqual((transcript["text"], ended["reason"]), ("All.", "failed"))
        self.assertGone()

    def test_source_ends_while_draining(self) -> None:
        """A source that ends as it is stopped changes nothing."""
        self.listen()
        self.hearing.finishes_at_once = False
        stopped = self.registry.stop("s")
        self.hearing.ears.ended("the pipe broke")
        self.hearing.finished[0].callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.sink.new_types(), ["session_ended"])

    def test_recogniser_fails(self) -> None:
        """A recogniser that gives up for good ends the session; a stop gets what there was."""
        self.listen()
        self.hearing.speak(0, 500)
        self.recognition.texts[0].callback("One.")
        self.hearing.speak(600, 900)
        self.sink.new()
        stopped = self.registry.stop("s")
        self.recognition.failure(EngineFailed("the provider hung up"))
        self.assertEqual(self.successResultOf(stopped).text, "One.")
        error, ended = self.sink.new()
        self.assertEqual((error["fatal"], ended["reason"]), (True, "failed"))
        self.assertGone()

    def test_disconnected(self) -> None:
        """With its connection it ends at once, whatever is awaited."""
        self.listen()
        self.hearing.speak(0, 500)
        self.registry.session_closed("c1")
        self.assertEqual(self.sink.new()[-1]["reason"], "disconnected")
        self.assertGone()
        self.hearing.ears.heard(More(b"late"))
        self.hearing.ears.ended(None)
        self.assertEqual(self.sink.new(), [])

    def test_id_is_free_again(self) -> None:
        """After its end another session may have its id."""
        self.listen()
        self.successResultOf(self.registry.stop("s"))
        self.listen()
        self.assertEqual(len(self.hearings), 2)
