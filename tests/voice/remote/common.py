"""What every service of speech to text does; ``test_sessions`` runs it with each of them."""

from twisted.internet.defer import CancelledError, Deferred
from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, MissingKey
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.remote.link import CLOSE_SECONDS, ServiceRefused
from car.voice.remote.recogniser import OPEN_SECONDS
from car.voice.remote.recognition import FINAL_SECONDS, MOST_KEPT_MS
from tests.voice.remote.case import RemoteCase
from tests.voice.remote.standins.service import KEY, voice
from tests.voice.speech.doubles import Keys


class CommonCase(RemoteCase):
    """Opening, segments, what goes wrong, the end."""

    # ---- opening -----------------------------------------------------------------------

    def test_interfaces(self) -> None:
        """They are what they say."""
        verifyObject(IRecogniser, self.make())
        session = self.opened()
        verifyObject(IRecognition, session)
        self.shut(session)

    def test_no_key(self) -> None:
        """Without a key the text of the specification is told, and nobody is connected to."""
        words = f"{self.recogniser.key_name} not set; export it or store it with secret.put"
        self.assertEqual(self.told(self.opening(Keys()), MissingKey), words)
        self.assertEqual(self.successResultOf(self.make(Keys()).readiness()), words)
        self.assertEqual(self.service.requests, [])

    def test_ready(self) -> None:
        """With a key it is ready."""
        self.assertIsNone(self.successResultOf(self.make().readiness()))

    def test_wrong_key(self) -> None:
        """A key that is refused is told by its variable's name, never by itself."""
        said = self.told(self.opening(Keys(**{self.recogniser.key_name: "guess-123"})))
        self.assertIn(f"refuses the key; check {self.recogniser.key_name}", said)
        self.assertNotIn("guess-123", said)

    def test_rate_limit(self) -> None:
        """Too many requests are told as such."""
        self.service.refuse_with = 429
        self.assertIn("too many requests (429)", self.told(self.opening()))

    def test_unavailable(self) -> None:
        """So is any other status."""
        self.service.refuse_with = 503
        said = self.told(self.opening())
        self.assertIn(f"{self.recogniser.name}: cannot connect to ws://127.0.0.1:9100", said)
        self.assertIn("503", said)

    def test_silent_service(self) -> None:
        """One that never answers is given up."""
        opening = self.opening_unheard()
        self.clock.advance(OPEN_SECONDS)
        self.assertIn("after 10 seconds", self.told(opening))
        self.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancelled(self) -> None:
        """Cancelling gives up."""
        opening = self.opening_unheard()
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        self.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    # ---- segments ----------------------------------------------------------------------

    def test_segment(self) -> None:
        """Partials while it is spoken, the text at its end, all of it sent."""
        session = self.opened()
        text = self.segment(session, 1)
        self.assertEqual(self.successResultOf(text), "one owl hoots")
        self.assertEqual(self.partials[:2], ["one", "one owl"])
        self.assertEqual(session.pending_ms, 0)
        self.shut(session)

    def test_without_partials(self) -> None:
        """Who does not want partials gets none."""
        session = self.opened(partials=False)
        self.assertEqual(self.successResultOf(self.segment(session, 1)), "one owl hoots")
        self.assertEqual(self.partials, [])
        self.shut(session)

    def test_segments(self) -> None:
        """One after the other, short and long, on one connection."""
        session = self.opened()
        for phrase, ms, words in (
            (1, 700, "one owl hoots"),
            (2, 64, "two cats sleep"),
            (3, 4_000, "three dogs run"),
            (0, 400, ""),
            (4, 900, "four hens"),
        ):
            self.assertEqual(self.successResultOf(self.segment(session, phrase, ms)), words)
        self.assertEqual(len(self.service.connections), 1)
        self.shut(session)

    def test_overlap(self) -> None:
        """The next may begin before the text of the one before; partials are of the open one."""
        session = self.opened()
        session.began()
        session.audio(voice(1, 700))
        first = session.ended()
        session.began()
        session.audio(voice(2, 400))
        self.settle()
        self.assertEqual(self.successResultOf(first), "one owl hoots")
        self.assertLessEqual(set(self.partials), {"two", "two cats"})
        second = session.ended()
        self.settle()
        self.assertEqual(self.successResultOf(second), "two cats sleep")
        self.shut(session)

    def test_fast(self) -> None:
        """Much audio at once is sent in turns; what is not sent yet is pending."""
        session = self.opened()
        session.began()
        session.audio(voice(2, 20_000))
        self.assertGreater(session.pending_ms, 17_000)
        text = session.ended()
        for _ in range(30):
            self.settle()
        self.assertEqual(self.successResultOf(text), "two cats sleep")
        self.shut(session)

    def test_pending(self) -> None:
        """A text that comes after the next segment's end was overdue."""
        self.service.is_silent = True
        session = self.opened()
        texts = [self.segment(session, 1, 1_000)]
        self.assertEqual(session.pending_ms, 0)
        texts.append(self.segment(session, 2, 1_000))
        self.assertEqual(session.pending_ms, 1_000)
        closed = session.close()
        self.settle()
        self.successResultOf(closed)
        for text in texts:
            self.assertEqual(self.told(text), "the voice session was closed")

    # ---- what goes wrong ---------------------------------------------------------------

    def test_dropped(self) -> None:
        """A connection that is lost amid a segment is replaced, and told all of it again."""
        session = self.opened()
        self.service.drop_after_ms = 400
        text = self.segment(session, 3)
        self.assertEqual(self.successResultOf(text), "three dogs run")
        self.assertEqual(len(self.service.connections), 2)
        self.assertGreaterEqual(self.service.last.all_ms, 700)
        self.assertEqual(self.failures, [])
        self.shut(session)

    def test_dropped_twice(self) -> None:
        """The second loss fails the segment; the next one has a connection again."""
        session = self.opened()
        self.service.drop_after_ms, self.service.drops = 400, 2
        text = self.segment(session, 3)
        self.assertIn(f"{self.recogniser.name} closed the connection (1006", self.told(text))
        self.assertEqual(len(self.service.connections), 2)
        self.assertEqual(self.successResultOf(self.segment(session, 1)), "one owl hoots")
        self.assertEqual(self.failures, [])
        self.shut(session)

    def test_dropped_with_two(self) -> None:
        """All that waits is told again, in order."""
        self.service.is_silent = True
        session = self.opened()
        first, second = self.segment(session, 1), self.segment(session, 2)
        self.service.is_silent = False
        self.service.last.dropConnection(abort=True)
        self.settle()
        self.assertEqual(self.successResultOf(first), "one owl hoots")
        self.assertEqual(self.successResultOf(second), "two cats sleep")
        self.shut(session)

    def test_dropped_idle(self) -> None:
        """A connection that is lost between segments is opened again with the next."""
        session = self.opened()
        self.service.last.hang_up(1011, "idle for too long")
        self.settle()
        self.assertEqual(len(self.service.connections), 1)
        self.assertEqual(self.successResultOf(self.segment(session, 4)), "four hens")
        self.assertEqual(len(self.service.connections), 2)
        self.assertEqual(self.failures, [])
        self.shut(session)

    def test_closed(self) -> None:
        """Code and reason of a close are told where it is the last word."""
        session = self.opened()
        session.began()
        for _ in range(2):
            self.speak(session, voice(1, 200))
            self.service.last.hang_up(1008, f"no more for {KEY}")
            self.settle()
        said = self.told(session.ended())
        self.assertEqual(
            said, f"{self.recogniser.name} closed the connection (1008, no more for ***)"
        )
        self.shut(session)

    def test_deadline(self) -> None:
        """A service that says nothing has 10 s; then it is dropped, as it may be half gone."""
        self.service.is_silent = True
        session = self.opened()
        text = self.segment(session, 1)
        self.clock.pump([1] * 9)
        self.settle()
        self.assertNoResult(text)
        self.clock.advance(FINAL_SECONDS - 9)
        self.assertEqual(self.told(text), f"{self.recogniser.name} gave no text within 10 s")
        self.settle()
        self.assertIsNotNone(self.service.connections[0].ended)
        self.service.is_silent = False
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.shut(session)

    def test_deadline_while_connecting(self) -> None:
        """The 10 s go on while another connection is tried."""
        self.service.is_silent = True
        session = self.opened()
        text = self.segment(session, 1)
        self.clock.advance(5)
        self.patch(self.endpoint, "connect", lambda factory: Deferred())
        self.service.last.dropConnection(abort=True)
        self.settle()
        self.assertNoResult(text)
        self.clock.advance(5)
        self.assertEqual(self.told(text), f"{self.recogniser.name} gave no text within 10 s")
        self.shut(session)

    def test_ping(self) -> None:
        """Pings of the service are answered."""
        session = self.opened()
        pongs: list[bytes] = []
        self.service.last.onPong = pongs.append
        self.service.last.sendPing(b"there?")
        self.settle()
        self.assertEqual(pongs, [b"there?"])
        self.shut(session)

    def test_malformed(self) -> None:
        """Messages that are none of the format end the connection, not the session."""
        session = self.opened()
        for wrong in (b"{", b"[]", b'{"kind": 1}', b'"text"'):
            session.began()
            self.speak(session, voice(1, 300))
            for _ in range(2):
                self.service.last.sendMessage(wrong)
                self.settle()
            self.assertIn("sent what is none of its messages", self.told(session.ended()))
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.shut(session)

    def test_unknown_messages(self) -> None:
        """What is new to us is ignored."""
        session = self.opened()
        self.service.last.say({"type": "Novelty", "message_type": "novelty"})
        self.service.last.sendMessage(b"\0\1", True)
        self.settle()
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.assertEqual(len(self.service.connections), 1)
        self.shut(session)

    def test_key_refused_later(self) -> None:
        """A key that is refused when connecting again ends the session."""
        session = self.opened()
        self.service.refuse_with = 401
        self.service.last.dropConnection(abort=True)
        self.settle()
        text = self.segment(session, 1)
        self.assertIn("refuses the key", self.told(text))
        self.assertIsInstance(self.failures[0], ServiceRefused)
        self.assertEqual(self.told(self.segment(session, 2)), str(self.failures[0]))
        self.assertEqual(len(self.failures), 1)
        self.shut(session)

    def test_closed_by_failure(self) -> None:
        """A session that closes when it hears of the failure has all its texts failed once."""
        session = self.opened()

        def close(problem: EngineFailed) -> None:
            self.failures.append(problem)
            session.close()

        self.service.is_silent = True
        self.patch(session, "_on_failure", close)
        texts = [self.segment(session, 1), self.segment(session, 2)]
        self.service.refuse_with = 403
        self.service.last.dropConnection(abort=True)
        self.settle()
        for text in texts:
            self.assertEqual(self.told(text), "the voice session was closed")
        self.assertEqual(len(self.failures), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_unreachable_later(self) -> None:
        """A service that is gone for a while fails the segments of that while."""
        session = self.opened()
        self.service.refuse_with = 503
        self.service.last.dropConnection(abort=True)
        self.settle()
        self.assertIn("cannot connect", self.told(self.segment(session, 1)))
        self.service.refuse_with = None
        self.assertEqual(self.successResultOf(self.segment(session, 2)), "two cats sleep")
        self.assertEqual(self.failures, [])
        self.shut(session)

    def test_too_much(self) -> None:
        """What is kept for a service that gives no text is bounded."""
        self.service.is_silent = True
        session = self.opened()
        session.began()
        session.audio(bytes(MOST_KEPT_MS * 32 + 2))
        session.audio(bytes(32_000))
        self.assertEqual(session.pending_ms, 0)
        self.assertIn("does not keep up", self.told(session.ended()))
        self.settle()
        self.shut(session)

    # ---- the end -----------------------------------------------------------------------

    def test_close(self) -> None:
        """Closing fails what is awaited and ends the connection in form; again is as good."""
        self.service.is_silent = True
        session = self.opened()
        text = self.segment(session, 1)
        closed, again = session.close(), session.close()
        self.assertEqual(self.told(text), "the voice session was closed")
        self.settle()
        self.successResultOf(closed)
        self.successResultOf(again)
        self.assertEqual(self.service.last.ended[0], 1000)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close_amid(self) -> None:
        """What is still said to a session that was closed does no harm."""
        session = self.opened()
        session.began()
        session.audio(voice(1, 2_000))
        closed = session.close()
        session.audio(voice(1, 200))
        self.assertEqual(self.told(session.ended()), "the voice session was closed")
        session.began()
        session.audio(voice(1, 200))
        self.assertEqual(self.told(session.ended()), "the voice session was closed")
        self.settle()
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close_half_open(self) -> None:
        """A service that does not agree to a close is left after a while."""
        session = self.opened()
        self.patch(self.endpoint, "flush", lambda: None)
        closed = session.close()
        self.assertNoResult(closed)
        self.clock.advance(CLOSE_SECONDS)
        del self.endpoint.flush
        self.settle()
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close_while_connecting(self) -> None:
        """Closing gives up a connection that is being opened."""
        session = self.opened()
        self.service.last.dropConnection(abort=True)
        self.settle()
        session.began()
        text = session.ended()
        closed = session.close()
        self.assertEqual(self.told(text), "the voice session was closed")
        self.settle()
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def opening_unheard(self) -> Deferred[IRecognition]:
        """A session that is being opened while nothing reaches the service."""
        self.patch(self.endpoint, "flush", lambda: None)
        opening = self.opening()
        del self.endpoint.flush
        return opening
