"""Tests of car.voice.sessions: ids, owners, bounds."""

from twisted.internet.defer import Deferred

from car.voice.errors import DuplicateSession, TooMany, UnknownProvider, UnknownSession
from car.voice.records import VoiceOptions
from car.voice.session import VoiceSession
from car.voice.sessions import MOST_SESSIONS, MOST_SESSIONS_OF_ONE
from tests.voice.session_doubles import SECOND, SessionCase


class RegistryTests(SessionCase):
    """Who may do what with which session."""

    def ids(self, client_id: str | None = None) -> list[str]:
        """The ids listed for a connection."""
        return [row.session_id for row in self.registry.list(client_id)]

    def test_duplicate(self) -> None:
        """An id is taken for all connections, from the start on."""
        self.recogniser.opening.append(Deferred())
        self.begin("x")
        problem = self.assertRaises(DuplicateSession, self.begin, "x", owner="c2")
        self.assertEqual(str(problem), "voice session 'x' already exists")

    def test_unknown_provider(self) -> None:
        """An unknown provider starts nothing."""
        options = VoiceOptions(provider="psychic")
        self.assertRaises(UnknownProvider, self.begin, "x", options)
        self.assertEqual(self.registry.list(), [])

    def test_owner(self) -> None:
        """Another connection's session is as unknown as one that is not there."""
        self.listen("mine")
        self.listen("theirs", owner="c2")
        for id in ("theirs", "nobody's"):
            for action in (
                lambda id=id: self.registry.push(id, SECOND, "c1"),
                lambda id=id: self.registry.stop(id, "c1"),
            ):
                problem = self.assertRaises(UnknownSession, action)
                self.assertEqual(str(problem), f"unknown session_id '{id}'")
        self.assertEqual(self.ids("c1"), ["mine"])
        self.assertEqual(self.ids(), ["mine", "theirs"])

    def test_meeting(self) -> None:
        """A meeting's session is open to everybody, and outlives them."""
        self.listen("m", owner=None)
        self.registry.push("m", SECOND, "c1")
        self.registry.push("m", SECOND, "c2")
        self.assertEqual(self.ids("c2"), ["m"])
        self.registry.session_closed("c1")
        self.assertEqual(self.ids(), ["m"])
        self.successResultOf(self.registry.stop("m", "c2"))

    def test_connection_goes(self) -> None:
        """The sessions of a connection that goes end, and no others."""
        for id, owner in (("a", "c1"), ("b", "c2"), ("c", "c1")):
            self.listen(id, owner=owner)
        self.registry.session_closed("c1")
        self.assertEqual(self.ids(), ["b"])

    def test_most_of_one(self) -> None:
        """A connection may have 16; one that ends makes room."""
        for number in range(MOST_SESSIONS_OF_ONE):
            self.listen(f"s{number}")
        problem = self.assertRaises(TooMany, self.begin, "more")
        self.assertIn("has 16 voice sessions", str(problem))
        self.listen("another's", owner="c2")
        self.successResultOf(self.registry.stop("s3"))
        self.listen("more")

    def test_most(self) -> None:
        """The process has 64, meetings included."""
        for number in range(MOST_SESSIONS):
            self.listen(f"s{number}", owner=f"c{number % 5}" if number % 6 else None)
        for owner in ("new", None):
            problem = self.assertRaises(TooMany, self.begin, "more", owner=owner)
            self.assertIn("64 voice sessions", str(problem))

    def test_stop_all(self) -> None:
        """At the end of the daemon all go, also those that start."""
        self.listen("a")
        self.listen("b", owner=None)
        self.recogniser.opening.append(Deferred())
        started: Deferred[VoiceSession] = self.begin("c")
        self.successResultOf(self.registry.stop_all())
        self.failureResultOf(started)
        self.assertEqual(self.ids(), [])
        self.assertEqual([hearing.closed for hearing in self.hearings], [1, 1])

    def test_stop_all_waits(self) -> None:
        """A session that is being stopped is given its time, as meetings need it."""
        self.listen("m", owner=None)
        self.hearing.speak(0, 500)
        stopped = self.registry.stop("m", seconds=10)
        all_stopped = self.registry.stop_all()
        self.assertNoResult(all_stopped)
        self.recognition.texts[0].callback("The end.")
        self.successResultOf(all_stopped)
        self.assertEqual(self.successResultOf(stopped).text, "The end.")
