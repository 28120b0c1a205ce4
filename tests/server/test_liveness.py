"""Whether a peer is still there: silence, pings, output that is stuck, and the sweep."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.limits import Limits
from car.server.liveness import SWEEP_SECONDS, Liveness, Sweep, Verdict


class LivenessTests(SynchronousTestCase):
    """Liveness.judge, with the limits of 30 s to a ping, 60 s of silence, 30 s of no progress."""

    def setUp(self) -> None:
        self.liveness = Liveness(Limits(), 1000.0)

    def judge(self, at: float, **seen: int) -> Verdict:
        """The verdict at *at* seconds from the start."""
        return self.liveness.judge(
            1000.0 + at,
            heard=bool(seen.get("heard", False)),
            reading=bool(seen.get("reading", True)),
            unsent=bool(seen.get("unsent", False)),
            taken=seen.get("taken", 0),
        )

    def test_pings(self) -> None:
        """A ping is due after 30 s of silence and every 30 s from then on."""
        verdicts = {at: self.judge(at) for at in range(5, 100, 5)}
        pings = [at for at, verdict in verdicts.items() if verdict is Verdict.PING]
        self.assertEqual(pings, [30, 60, 90])
        self.assertEqual(set(verdicts.values()), {Verdict.FINE, Verdict.PING})

    def test_heard(self) -> None:
        """Whatever comes begins the silence anew."""
        self.assertIs(self.judge(29), Verdict.FINE)
        self.assertIs(self.judge(30, heard=True), Verdict.FINE)
        self.assertIs(self.judge(59), Verdict.FINE)
        self.assertIs(self.judge(60), Verdict.PING)

    def test_silent_after_pong(self) -> None:
        """A peer that has answered a ping is dropped after 60 s of silence."""
        self.assertIs(self.judge(30), Verdict.PING)
        self.liveness.pong_received()
        self.assertIs(self.judge(35, heard=True), Verdict.FINE)
        self.assertIs(self.judge(65), Verdict.PING)
        self.assertIs(self.judge(94), Verdict.FINE)
        self.assertIs(self.judge(95), Verdict.SILENT)

    def test_silent_when_pongs_are_expected(self) -> None:
        """An authenticated peer is dropped even if it never has (decision 8)."""
        self.liveness.expect_pongs()
        self.assertIs(self.judge(59), Verdict.PING)
        self.assertIs(self.judge(60), Verdict.SILENT)

    def test_unasked_pong(self) -> None:
        """A pong before any ping of ours answers nothing: the peer stays."""
        self.liveness.pong_received()
        self.assertIs(self.judge(3600), Verdict.PING)

    def test_not_reading(self) -> None:
        """Silence while we do not read does not count, and no ping is sent."""
        self.liveness.expect_pongs()
        self.assertIs(self.judge(600, reading=False), Verdict.FINE)
        self.assertIs(self.judge(629), Verdict.FINE)
        self.assertIs(self.judge(630), Verdict.PING)

    def test_stuck(self) -> None:
        """Output of which nothing leaves for 30 s ends the connection."""
        self.assertIs(self.judge(10, unsent=1, taken=100), Verdict.FINE)
        self.assertIs(self.judge(39, unsent=1, taken=100), Verdict.PING)
        self.assertIs(self.judge(40, unsent=1, taken=100), Verdict.STUCK)

    def test_progress(self) -> None:
        """As long as some leaves, or none is waiting, it goes on."""
        for at in range(10, 200, 10):
            self.assertIsNot(self.judge(at, unsent=1, taken=at), Verdict.STUCK)
        self.assertIsNot(self.judge(300, taken=190), Verdict.STUCK)
        self.assertIsNot(self.judge(320, unsent=1, taken=190), Verdict.STUCK)


class Connection:
    """Remembers when it was looked at; the last one of ``ends`` leaves the sweep."""

    def __init__(self, sweep: Sweep) -> None:
        self.looks: list[float] = []
        self.leaves = False
        self._sweep = sweep

    def look(self, now: float) -> None:
        self.looks.append(now)
        if self.leaves:
            self._sweep.discard(self)


class SweepTests(SynchronousTestCase):
    """Sweep: one timer, only while there is a connection."""

    def test_one_timer(self) -> None:
        """All connections are looked at by one call, which ends with the last of them."""
        clock = Clock()
        sweep = Sweep(clock)
        sweep.discard(Connection(sweep))
        self.assertEqual(clock.getDelayedCalls(), [])
        connections = [Connection(sweep) for _ in range(3)]
        for connection in connections:
            sweep.add(connection)
        self.assertEqual(len(clock.getDelayedCalls()), 1)
        clock.pump([SWEEP_SECONDS] * 2)
        self.assertEqual([connection.looks for connection in connections], [[5.0, 10.0]] * 3)
        for connection in connections:
            connection.leaves = True
        clock.advance(SWEEP_SECONDS)
        self.assertEqual(clock.getDelayedCalls(), [])
