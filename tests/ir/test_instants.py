"""Tests of car.ir.instants."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.ir.instants import InstantError, rfc3339, seconds


class InstantTests(SynchronousTestCase):
    """RFC 3339 text and seconds since the epoch."""

    def test_text(self) -> None:
        """Instants are UTC with microseconds, rounded into the next second where needed."""
        self.assertEqual(rfc3339(0), "1970-01-01T00:00:00.000000Z")
        self.assertEqual(rfc3339(1.9999999), "1970-01-01T00:00:02.000000Z")
        self.assertEqual(rfc3339(-0.5), "1969-12-31T23:59:59.500000Z")

    def test_seconds(self) -> None:
        """Any offset is accepted."""
        self.assertEqual(seconds("1970-01-01T02:00:00+02:00"), 0)
        self.assertEqual(seconds("1970-01-01T00:00:01.5Z"), 1.5)

    def test_not_an_instant(self) -> None:
        """A local time, a bare date and other text name no instant."""
        for text in ("1970-01-01T00:00:00", "1970-01-01", "tomorrow", ""):
            self.assertRaises(InstantError, seconds, text)

    @settings(deadline=None, max_examples=100)
    @given(st.floats(-1e9, 4e9))
    def test_round_trip(self, at: float) -> None:
        """Text names the instant to the microsecond."""
        self.assertLessEqual(abs(seconds(rfc3339(at)) - at), 1e-6)
