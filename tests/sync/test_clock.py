"""The hybrid clock."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.sync.clock import Hlc, HybridClock


class HybridClockTests(SynchronousTestCase):
    """HybridClock: readings that only grow."""

    def test_wall(self) -> None:
        """A wall clock that goes on is what is read."""
        clock = HybridClock("dev-a")
        self.assertEqual(clock.tick(1.5), Hlc(1500, 0, "dev-a"))
        self.assertEqual(clock.tick(1.5), Hlc(1500, 1, "dev-a"))
        self.assertEqual(clock.tick(1.6), Hlc(1600, 0, "dev-a"))

    def test_observed(self) -> None:
        """What was observed comes before what is read next, even from the future."""
        clock = HybridClock("dev-a")
        clock.observe(Hlc(9000, 7, "dev-b"))
        self.assertEqual(clock.tick(1.0), Hlc(9000, 8, "dev-a"))
        clock.observe(Hlc(3, 0, "dev-b"))
        self.assertEqual(clock.tick(1.0), Hlc(9000, 9, "dev-a"))

    @given(st.lists(st.one_of(st.floats(0, 100), st.tuples(st.integers(0, 10**5), st.text()))))
    def test_grows(self, steps: list[float | tuple[int, str]]) -> None:
        """Readings grow whatever the wall clock does and whoever is heard."""
        clock, last = HybridClock("dev-a"), Hlc(0, 0, "")
        for step in steps:
            if isinstance(step, tuple):
                clock.observe(Hlc(step[0], 1, step[1]))
                last = max(last, Hlc(step[0], 1, step[1]))
            else:
                reading = clock.tick(step)
                self.assertGreater(reading, last)
                last = reading
