"""MeetingRegistry and Meeting: beginning, sharing, the chain of sinks, every end."""

import wave
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from zope.interface.verify import verifyObject

from car.meeting.captures import Capture
from car.meeting.errors import (
    FilesFailed,
    InvalidMeeting,
    MeetingError,
    MeetingExists,
    NotActive,
    TooManyMeetings,
)
from car.meeting.queue import MOST_PIECES
from car.voice.errors import MissingComponent, SourceFailed, UnknownProvider, VoiceError
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import KnownSpeaker, Mic, System, VoiceOptions
from car.voice.segmenter import Ended
from tests.meeting.doubles import PUSH, STARTED, MeetingCase, RecordingSink, cluster, said

BOTH: Any = {"mic": Mic(), "system": System()}
MIC: Any = {"mic": Mic()}


class StartTests(MeetingCase):
    """How meetings begin."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: Deferred[None] = Deferred()

    def test_started(self) -> None:
        """The metadata are told and stored; audio is pushed under the meeting's id."""
        metadata = self.hold(title="Budget", options=VoiceOptions(language="en"))
        self.assertEqual((metadata.id, metadata.started_at), (f"{1:032x}", STARTED))
        self.assertEqual((metadata.title, metadata.language), ("Budget", "en"))
        self.assertEqual(self.files.all(), [metadata])
        self.registry.push(metadata.id, bytes(320), "anybody")
        self.assertEqual(self.hearing.pushed, [bytes(320)])
        self.assertEqual(self.meetings.ids, [metadata.id])

    def test_files_first(self) -> None:
        """``meeting.json`` is there before audio opens."""
        self.recogniser.opening = [self.waiting]
        starting = self.starting(id="m")
        self.assertTrue((self.root / "m" / "meeting.json").exists())
        self.assertEqual(self.hearings, [])
        self.waiting.callback(None)
        self.assertEqual(self.successResultOf(starting).id, "m")

    def test_without_sources(self) -> None:
        """The text of the reference."""
        failure = self.failureResultOf(self.starting(sources={}), InvalidMeeting)
        text = "sources must contain at least one of: mic, system"
        self.assertEqual(failure.getErrorMessage(), text)
        self.assertEqual(self.released, ["c1"])

    def test_taken(self) -> None:
        """An id that is active, or stored, is refused."""
        self.hold(id="m")
        failure = self.failureResultOf(self.starting(id="m"), MeetingExists)
        self.assertIn("meeting 'm' is active already", failure.getErrorMessage())
        self.stopped("m")
        failure = self.failureResultOf(self.starting(id="m"), MeetingExists)
        self.assertIn("exists already under", failure.getErrorMessage())
        self.assertEqual(self.released, ["c1"] * 3)

    def test_most(self) -> None:
        """Eight meetings are active at most."""
        for number in range(8):
            self.hold(id=str(number))
        failure = self.failureResultOf(self.starting(), TooManyMeetings)
        self.assertIn("8 meetings are active already; stop one", failure.getErrorMessage())
        self.stopped("3")
        self.hold(id="next")

    def test_unknown_provider(self) -> None:
        """A start that fails leaves nothing."""
        starting = self.starting(options=VoiceOptions(provider="acme"))
        self.failureResultOf(starting, UnknownProvider)
        self.assert_nothing_left()

    def test_second_source_fails(self) -> None:
        """The first source is let go of; nothing is left."""
        self.recogniser.opening = [succeed(None), self.waiting]
        starting = self.starting(sources=BOTH)
        self.hearing_fails = MissingComponent("no parec")
        self.waiting.callback(None)
        self.clock.advance(0)
        self.failureResultOf(starting, MissingComponent)
        self.assertEqual(self.hearings[0].closed, 1)
        self.assert_nothing_left()

    def test_line_before_failure(self) -> None:
        """Where somebody was understood before the start failed, that is kept, and closed."""
        self.recogniser.opening = [succeed(None), self.waiting]
        starting = self.starting(id="m", sources=BOTH)
        self.say("Too early.", hearing=0)
        self.hearing_fails = MissingComponent("no parec")
        self.waiting.callback(None)
        self.clock.advance(0)
        self.failureResultOf(starting, MissingComponent)
        record = self.files.read("m")
        self.assertEqual((record.ended_at, len(record.transcript)), (record.started_at, 1))

    def test_no_system_audio(self) -> None:
        """The package to install is named."""
        self.hearing_fails = SourceFailed("parec gives no audio: Connection refused")
        failure = self.failureResultOf(self.starting(sources={"system": System()}), SourceFailed)
        self.assertIn("pipewire-pulse or pulseaudio", failure.getErrorMessage())
        failure = self.failureResultOf(self.starting(sources=MIC), SourceFailed)
        self.assertNotIn("pipewire", failure.getErrorMessage())

    def test_given_up(self) -> None:
        """A client that goes while its meeting starts gets none."""
        self.recogniser.opening = [self.waiting]
        starting = self.starting()
        starting.cancel()
        self.clock.advance(0)
        self.failureResultOf(starting, VoiceError)
        self.assert_nothing_left()

    def assert_nothing_left(self) -> None:
        """No files, no sessions, nothing active."""
        self.assertEqual(list(self.root.iterdir()), [])
        self.assertEqual(self.registry.list(), [])
        self.assertEqual(self.meetings.ids, [])
        self.assertEqual(self.released, ["c1"])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class ChainTests(MeetingCase):
    """Ingest, persist, upstream."""

    def test_order(self) -> None:
        """Memory hears first, then the line is written, then the client hears."""
        self.in_thread = self.noted
        metadata = self.hold(host=self.host(sink=self))  # type: ignore[arg-type]
        self.order.clear()
        self.say("Good morning.")
        self.assertEqual(self.order[-3:], ["ingest", "append", "upstream"])
        self.assertEqual(self.ingests[0].sources[-1], "pcm_push")
        self.assertIn(b"Good morning.", self.lines(metadata.id))

    def noted(self, function: Any, *args: Any) -> "Deferred[Any]":
        """Do it at once, and note it."""
        self.order.append(function.__name__.lstrip("_"))
        return succeed(function(*args))

    def send(self, session_id: str, event: str) -> None:
        """The client."""
        self.order.append("upstream")

    def test_interfaces(self) -> None:
        """What takes events are sinks."""
        self.hold()
        verifyObject(IVoiceEventSink, self.ingests[0].sink)
        verifyObject(IVoiceEventSink, Capture("s", PUSH, VoiceOptions()))

    def test_untouched(self) -> None:
        """Every event goes to the client as it is, under an id that tells its source."""
        metadata = self.hold(sources=BOTH)
        self.say("One.", hearing=0)
        self.say("Two.", hearing=1)
        ids = [session_id for session_id, _ in self.sink.all]
        self.assertEqual(set(ids), {f"{metadata.id}:mic", f"{metadata.id}:system"})
        types = [event["type"] for _, event in self.sink.all]
        self.assertEqual(types, ["speech_start", "speech_end", "transcript"] * 2)

    def test_line(self) -> None:
        """All members, numbers from 1, offsets into the meeting."""
        metadata = self.hold(sources=BOTH)
        self.clock.advance(3)
        self.say("One.", hearing=0, start_ms=2000)
        self.say("Two.", hearing=1, start_ms=2500)
        self.assertEqual(
            self.lines(metadata.id).splitlines()[0],
            b'{"seq":1,"ts":"2026-03-04T04:53:23.000000Z","offset_ms":2000,"source":"mic",'
            b'"speaker":"mic","text":"One.","duration_ms":1000,"final":true}',
        )
        record = self.stopped(metadata.id)
        told = [(one.seq, one.source, one.offset_ms, one.text) for one in record.transcript]
        self.assertEqual(told, [(1, "mic", 2000, "One."), (2, "system", 2500, "Two.")])

    def test_speakers(self) -> None:
        """An enrolled speaker and a cluster are named; silence and partials are no lines."""
        metadata = self.hold()
        sink = self.ingests[0]
        sink.send(metadata.id, said("I am Ada.", KnownSpeaker(speaker="ada", score=0.9)))
        sink.send(metadata.id, said("Who?", cluster("S1")))
        sink.send(metadata.id, said(""))
        sink.send(metadata.id, '{"type":"partial","text":"\\"transcript\\""}')
        record = self.stopped(metadata.id)
        self.assertEqual([one.speaker for one in record.transcript], ["ada", "pcm_push:S1"])

    def test_client_leaves(self) -> None:
        """The meeting goes on, and anybody may stop it."""
        metadata = self.hold(sources=MIC)
        self.meetings.session_closed("c2")
        self.say("Heard.")
        heard = len(self.sink.all)
        self.meetings.session_closed("c1")
        self.registry.session_closed("c1")
        self.say("Not heard.")
        self.assertEqual(len(self.sink.all), heard)
        record = self.stopped(metadata.id)
        self.assertEqual([one.text for one in record.transcript], ["Heard.", "Not heard."])

    def test_given_up_at_once(self) -> None:
        """A start that is given up before the directory is made leaves nothing."""
        made: Deferred[None] = Deferred()
        self.in_thread = lambda function, *args: made.addCallback(lambda _: function(*args))
        starting = self.starting(id="m")
        self.in_thread = maybeDeferred
        starting.cancel()
        failure = self.failureResultOf(starting, MeetingError)
        self.assertEqual(failure.getErrorMessage(), "meeting 'm' was given up")
        self.assertEqual((self.meetings.ids, self.released), ([], ["c1"]))
        made.callback(None)
        self.assertEqual(list(self.root.iterdir()), [])
        self.hold(id="m")

    def test_all_stop_meanwhile(self) -> None:
        """A meeting that is starting while all are stopped is stopped as soon as it can be."""
        opening: Deferred[None] = Deferred()
        self.recogniser.opening.append(opening)
        starting = self.starting(id="m")
        stopped = self.meetings.stop_all()
        self.assertNoResult(stopped)
        opening.callback(None)
        self.successResultOf(starting)
        self.clock.advance(0)
        self.successResultOf(stopped)
        self.assertIsNotNone(self.files.read("m").ended_at)
        self.assertEqual((self.meetings.ids, self.summaries), ([], []))

    def test_client_leaves_at_once(self) -> None:
        """A client that has gone before the directory is made is told nothing."""
        made: Deferred[None] = Deferred()
        self.in_thread = lambda function, *args: made.addCallback(lambda _: function(*args))
        starting = self.starting(id="m")
        self.meetings.session_closed("c1")
        made.callback(None)
        self.successResultOf(starting)
        self.in_thread = maybeDeferred
        self.say("Not heard.")
        self.assertEqual(self.sink.all, [])
        self.assertEqual([one.text for one in self.stopped("m").transcript], ["Not heard."])

    def test_failing_disk(self) -> None:
        """Lines wait for the disk; 10,000 end the meeting, which is told."""
        metadata = self.hold()
        self.in_thread = failing
        sink = self.ingests[0]
        for number in range(MOST_PIECES):
            sink.send(metadata.id, said(f"{number}"))
        self.assertEqual([event["message"] for event in self.errors()], [WAITS])
        sink.send(metadata.id, said("one more"))
        (event,) = self.errors()
        self.assertEqual(event["fatal"], True)
        self.assertIn("10000 lines of its transcript could not be written", event["message"])
        self.clock.advance(10)
        self.assertEqual(self.meetings.ids, [])
        self.assertEqual(len(self.flushLoggedErrors(FilesFailed)), 1)

    def errors(self) -> list[Any]:
        """The error events since the last look."""
        return [event for event in self.sink.new() if event["type"] == "error"]


WAITS = "the transcript waits to be written: full"


def failing(function: Any, *args: Any) -> "Deferred[Any]":
    """A thread on whose disk nothing can be written."""
    if function.__name__.lstrip("_") in ("append", "write"):
        return fail(FilesFailed("full"))
    return maybeDeferred(function, *args)


class StopTests(MeetingCase):
    """How meetings end."""

    def test_stopped(self) -> None:
        """The last words are waited for; then all is told, stored and let go of."""
        metadata = self.hold(persist_audio=False)
        self.say("First.")
        self.hearing.speak(2000, 2900)
        self.clock.advance(5)
        stopping = self.meetings.stop(metadata.id)
        self.clock.advance(1)
        self.assertNoResult(stopping)
        self.assertRaises(NotActive, self.meetings.stop, metadata.id)
        self.recognition.texts[-1].callback("Last.")
        record = self.successResultOf(stopping)
        self.assertEqual([one.text for one in record.transcript], ["First.", "Last."])
        self.assertEqual(record.ended_at, "2026-03-04T04:53:26.000000Z")
        self.assertEqual(record.summary, "All agreed.")
        stored = self.files.read(metadata.id)
        self.assertEqual((stored.ended_at, stored.summary), (record.ended_at, "All agreed."))
        self.assertEqual((self.registry.list(), self.meetings.ids), ([], []))
        self.assertEqual(self.released, ["c1"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_last_words_late(self) -> None:
        """They are waited for ten seconds and no longer."""
        metadata = self.hold()
        self.hearing.speak(0, 900)
        stopping = self.meetings.stop(metadata.id)
        self.clock.advance(9.9)
        self.assertNoResult(stopping)
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(stopping).transcript, [])

    def test_no_summary(self) -> None:
        """Without a model it stops all the same, and says why there is none."""
        self.summary = None
        metadata = self.hold()
        record = self.stopped(metadata.id)
        self.assertEqual(record.summary, None)
        self.assertEqual(record.summary_error, "no model available: none is installed")
        self.assertEqual(len(self.summaries), 1)
        other = self.stopped(self.hold().id, summarise=False)
        self.assertEqual((other.summary, len(self.summaries)), (None, 1))

    def test_not_active(self) -> None:
        """The text of the reference."""
        with self.assertRaises(NotActive) as caught:
            self.meetings.stop("x")
        text = "stop_meeting: meeting id 'x' is not active"
        self.assertEqual(str(caught.exception), text)

    def test_waiter_leaves(self) -> None:
        """A client that goes while its meeting stops changes nothing."""
        metadata = self.hold()
        self.hearing.speak(0, 900)
        stopping = self.meetings.stop(metadata.id)
        stopping.cancel()
        self.failureResultOf(stopping)
        self.recognition.texts[-1].callback("Last.")
        self.assertEqual(self.files.read(metadata.id).summary, "All agreed.")

    def test_twelve_hours(self) -> None:
        """A meeting that nobody stops is stopped, and its client hears why."""
        metadata = self.hold()
        self.clock.advance(12 * 3600 - 1)
        self.assertEqual(self.meetings.ids, [metadata.id])
        self.clock.advance(1)
        self.clock.advance(0)
        self.assertEqual(self.meetings.ids, [])
        told = [event["message"] for event in self.sink.new() if event["type"] == "error"]
        self.assertEqual(told, [f"meeting '{metadata.id}' ends after 12 hours"])
        self.assertEqual(self.files.read(metadata.id).ended_at, "2026-03-04T16:53:20.000000Z")

    def test_source_that_ends(self) -> None:
        """A source may end by itself: the meeting waits to be stopped."""
        metadata = self.hold()
        self.say("All there is.")
        self.hearing.ears.ended(None)
        self.assertEqual(self.sink.all[-1][1]["type"], "session_ended")
        self.assertEqual(self.registry.list(), [])
        self.assertEqual(len(self.stopped(metadata.id).transcript), 1)

    def test_stop_all(self) -> None:
        """A daemon that stops stores every meeting, without summaries."""
        ids = [self.hold(id=name).id for name in ("a", "b")]
        stopping = self.meetings.stop_all()
        self.clock.advance(0)
        self.successResultOf(stopping)
        self.assertTrue(all(self.files.read(name).ended_at for name in ids))
        self.assertEqual(self.summaries, [])


class SharingTests(MeetingCase):
    """Two meetings and one microphone."""

    def setUp(self) -> None:
        super().setUp()
        self.other = RecordingSink()
        self.first = self.hold(id="one", sources=MIC)
        self.clock.advance(5)
        self.second = self.hold(self.host("c2", self.other), id="two", sources=MIC)

    def test_shared(self) -> None:
        """It is opened once, both hear it, each with offsets of its own."""
        self.assertEqual(len(self.hearings), 1)
        self.say("Hello both.", start_ms=6000)
        self.assertEqual({told for told, _ in self.sink.all}, {"one:mic"})
        self.assertEqual({told for told, _ in self.other.all}, {"two:mic"})
        offsets = [self.files.read(name).transcript[0].offset_ms for name in ("one", "two")]
        self.assertEqual(offsets, [6000, 1000])

    def test_first_leaves(self) -> None:
        """The other goes on; the last one lets go of it."""
        self.stopped("one")
        self.say("Still here.")
        self.assertEqual(len(self.stopped("two").transcript), 1)
        self.assertEqual(self.files.read("one").transcript, [])
        self.assertEqual(self.registry.list(), [])
        self.assertEqual(self.hearings[0].closed, 1)

    def test_leaving_in_the_middle(self) -> None:
        """Whoever leaves while somebody speaks gets the end of it, or waits ten seconds."""
        self.hearing.begin(0)
        stopping = self.meetings.stop("one")
        self.clock.advance(1)
        self.assertNoResult(stopping)
        self.end_segment("To the end.")
        self.assertEqual(len(self.successResultOf(stopping).transcript), 1)
        self.hearing.begin(5000)
        third = self.hold(sources=MIC)
        stopping = self.meetings.stop(third.id)
        self.clock.advance(10)
        self.successResultOf(stopping)
        self.stopped("two")

    def test_leaving_after_a_cough(self) -> None:
        """A segment without words is waited for no longer than it takes to tell so."""
        self.hearing.begin(0)
        stopping = self.meetings.stop("one")
        self.assertNoResult(stopping)
        self.end_segment("")
        self.assertEqual(self.successResultOf(stopping).transcript, [])
        self.hearing.speak(5000, 5200)
        self.recognition.texts[-1].callback("")
        self.assertEqual(self.stopped("two").transcript, [])

    def end_segment(self, text: str) -> None:
        """The open segment ends, and *text* is understood."""
        self.hearing.ears.heard(Ended(1000, False))
        self.recognition.texts[-1].callback(text)

    def test_other_options(self) -> None:
        """Who listens otherwise has a session of its own; so has who comes after its end."""
        self.hold(sources=MIC, options=VoiceOptions(language="de"))
        self.assertEqual(len(self.hearings), 2)
        self.hearings[0].ears.ended(None)
        self.hold(sources=MIC)
        self.assertEqual(len(self.hearings), 3)


class AudioTests(MeetingCase):
    """``persist_audio``."""

    def give(self, pcm: bytes) -> None:
        """The source gives audio."""
        assert self.hearing.ears.tap is not None
        self.hearing.ears.tap(16_000, 1, pcm)

    def test_kept(self) -> None:
        """All audio is in the file, speech or not."""
        metadata = self.hold(persist_audio=True)
        for _ in range(3):
            self.give(bytes(320))
        self.stopped(metadata.id)
        path = self.root / metadata.id / "audio-pcm_push.wav"
        with wave.open(str(path)) as file:
            self.assertEqual((file.getnframes(), file.getframerate()), (480, 16_000))

    def test_not_kept(self) -> None:
        """Nothing is kept unless it is asked for."""
        metadata = self.hold()
        self.give(bytes(320))
        self.stopped(metadata.id)
        names = sorted(path.name for path in (self.root / metadata.id).iterdir())
        self.assertEqual(names, ["meeting.json", "summary.md", "transcript.jsonl"])

    def test_failing(self) -> None:
        """Audio that cannot be written is given up, with a word; the meeting goes on."""
        metadata = self.hold(persist_audio=True)
        self.in_thread = failing
        for _ in range(3):
            self.give(bytes(320))
        told = [event["message"] for event in self.sink.new()]
        self.assertEqual(told, ["the audio of 'pcm_push' is kept no more: full"])
        self.in_thread = maybeDeferred
        self.assertEqual(self.stopped(metadata.id).id, metadata.id)
