"""Tests of car.server.host_events."""

import itertools

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.errors import InvalidParams
from car.server.host_events import EventFeed, random_id
from car.server.host_records import HostEvent
from car.server.limits import Limits


class EventFeedTests(SynchronousTestCase):
    """EventFeed: numbering, keeping, telling."""

    def setUp(self) -> None:
        numbers = itertools.count(1)
        self.clock = Clock()
        self.feed = EventFeed(self.clock.seconds, lambda kind: f"{kind}-{next(numbers)}", Limits())
        self.told: list[HostEvent] = []

    def emit(self, kind: str = "host.notification") -> HostEvent:
        """One event without content."""
        return self.feed.emit(kind, None, None, {})

    def test_event(self) -> None:
        """An event has its id, its time and its number."""
        self.clock.advance(1.5)
        event = self.feed.emit("k", "agent-1", "text", {"a": 1})
        self.assertEqual(
            event,
            HostEvent(
                id="event-1",
                timestamp="1970-01-01T00:00:01.500000Z",
                kind="k",
                agent_id="agent-1",
                message="text",
                payload={"a": 1},
                sequence=1,
            ),
        )

    def test_ring(self) -> None:
        """The newest thousand are kept; a limit is brought into range."""
        for _ in range(1010):
            self.emit()
        for limit, numbers in (
            (2, [1009, 1010]),
            (0, [1010]),
            (-5, [1010]),
            (5000, list(range(11, 1011))),
        ):
            self.assertEqual([e.sequence for e in self.feed.newest(limit)], numbers)
        self.assertEqual(len(self.feed.newest()), 100)

    def test_subscribers(self) -> None:
        """Each subscriber is told once, until it leaves; leaving twice is nothing."""
        self.feed.subscribe("s", lambda _: self.fail("replaced by the second subscription"))
        self.feed.subscribe("s", self.told.append)
        event = self.emit()
        self.feed.unsubscribe("s")
        self.feed.unsubscribe("s")
        self.emit()
        self.assertEqual(self.told, [event])

    def test_failing_subscriber(self) -> None:
        """One that fails is logged and stays; the others are told all the same."""

        def break_off(event: HostEvent) -> None:
            raise ValueError(event.kind)

        self.feed.subscribe("bad", break_off)
        self.feed.subscribe("good", self.told.append)
        self.emit()
        self.emit()
        self.assertEqual([event.sequence for event in self.told], [1, 2])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_event_during_delivery(self) -> None:
        """What a delivery sets off comes after it, for every subscriber."""

        def echo(event: HostEvent) -> None:
            if event.kind == "first":
                self.emit("second")

        self.feed.subscribe("a", echo)
        self.feed.subscribe("b", self.told.append)
        self.emit("first")
        self.assertEqual([event.kind for event in self.told], ["first", "second"])

    def test_sizes(self) -> None:
        """Texts and payloads have their sizes in octets; what is longer is refused."""
        self.feed.check_text("message", "é" * 2048)
        self.feed.check_text("message", None)
        problem = self.assertRaises(
            InvalidParams, self.feed.check_text, "message", "é" * 2048 + "x"
        )
        self.assertEqual(str(problem), "message has 4097 bytes; at most 4096 are allowed")
        self.feed.check_payload("payload", {"a": "x" * 65_528})
        problem = self.assertRaises(
            InvalidParams, self.feed.check_payload, "payload", {"a": "x" * 65_529}
        )
        self.assertEqual(str(problem), "payload has 65537 bytes; at most 65536 are allowed")

    def test_random_ids(self) -> None:
        """Ids of the daemon's own making tell their kind and are not used twice."""
        self.assertTrue(random_id("agent").startswith("agent-"))
        self.assertNotEqual(random_id("agent"), random_id("agent"))
