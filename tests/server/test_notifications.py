"""Notifications: straight through, kept while stalled, dropped oldest first."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode, encode
from car.server.limits import Limits
from car.server.notifications import Notifications


class NotificationsTests(SynchronousTestCase):
    """One connection's notifications."""

    def setUp(self) -> None:
        self.sent: list[bytes] = []
        self.overflows = 0
        self.limits = Limits(subscriber_notifications=3, subscriber_bytes=1000)
        self.notifications = Notifications(self.sent.append, self.limits, self.overflow)

    def overflow(self) -> None:
        self.overflows += 1

    def send(self, number: int, droppable: bool = True) -> None:
        self.notifications.send(
            "host.event", encode({"n": number}), cursor=number, droppable=droppable
        )

    @property
    def params(self) -> list[object]:
        return [decode(frame)["params"] for frame in self.sent]

    def test_straight_through(self) -> None:
        """While the client reads, a notification goes out at once."""
        self.send(1)
        self.assertEqual(self.params, [{"n": 1}])

    def test_kept_in_order(self) -> None:
        """What comes while the client does not read waits, and goes out in order."""
        self.notifications.stalled = True
        for number in (1, 2, 3):
            self.send(number)
        self.assertEqual(self.sent, [])
        self.notifications.resumed()
        self.assertEqual(self.params, [{"n": 1}, {"n": 2}, {"n": 3}])
        self.send(4)
        self.assertEqual(self.params[-1], {"n": 4})

    def test_gap(self) -> None:
        """Beyond the count the oldest go; the stream says how many and up to where, once."""
        self.notifications.stalled = True
        for number in range(1, 6):
            self.send(number)
        self.notifications.resumed()
        self.assertEqual(
            self.params, [{"gap": {"dropped": 2, "cursor": 2}}, {"n": 3}, {"n": 4}, {"n": 5}]
        )
        self.sent.clear()
        self.notifications.stalled = True
        self.notifications.resumed()
        self.assertEqual(self.sent, [])

    def test_size(self) -> None:
        """The octets are bounded as well."""
        self.notifications.stalled = True
        for _ in range(2):
            self.notifications.send("x", encode("y" * 600))
        self.notifications.resumed()
        self.assertEqual(len(self.sent), 2)
        self.assertEqual(self.params[0], {"gap": {"dropped": 1}})

    def test_approvals_stay(self) -> None:
        """What must not be dropped stays; what may be goes before it, even if newer."""
        self.notifications.stalled = True
        self.send(1, droppable=False)
        self.send(2)
        self.send(3, droppable=False)
        self.send(4, droppable=False)
        self.notifications.resumed()
        self.assertEqual(
            self.params, [{"gap": {"dropped": 1, "cursor": 2}}, {"n": 1}, {"n": 3}, {"n": 4}]
        )
        self.assertEqual(self.overflows, 0)

    def test_voice(self) -> None:
        """Each voice session says by an event of its own how many of its partials are lost."""
        self.notifications.stalled = True
        for number in range(4):
            self.notifications.send("voice.event", b'"partial"', voice=f"s{number % 2}")
        self.notifications.send("voice.event", encode("final"), droppable=False, voice="s0")
        self.notifications.resumed()
        lagged = {"type": "lagged", "dropped": 1, "what": "events"}
        self.assertEqual(
            self.params[:2], [{"session_id": id, "event": lagged} for id in ("s0", "s1")]
        )
        self.assertEqual(self.params[-1], "final")

    def test_overflow(self) -> None:
        """If nothing may be dropped, the connection is given up."""
        self.notifications.stalled = True
        for number in range(4):
            self.send(number, droppable=False)
        self.assertEqual(self.overflows, 1)
