"""Tests of car.web.limits."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.web.errors import RateLimited
from car.web.limits import Cache, RateLimit


class RateTests(SynchronousTestCase):
    """RateLimit"""

    def test_minute(self) -> None:
        """So many in any 60 s; the text says when the next may be made."""
        clock = Clock()
        rate = RateLimit("search", 2, clock)
        rate.take()
        clock.advance(30)
        rate.take()
        clock.advance(10)
        told = str(self.assertRaises(RateLimited, rate.take))
        self.assertIn("search: 2 requests a minute", told)
        self.assertIn("in 20 s", told)
        clock.advance(20)
        rate.take()
        self.assertRaises(RateLimited, rate.take)


class CacheTests(SynchronousTestCase):
    """Cache"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cache: Cache[str] = Cache(60, 10, self.clock)

    def test_age(self) -> None:
        """A value is kept for its time, which begins anew when it is replaced."""
        self.cache.put("a", "1", 1)
        self.clock.advance(30)
        self.cache.put("b", "2", 1)
        self.cache.put("a", "3", 1)
        self.clock.advance(59)
        self.assertEqual((self.cache.get("a"), self.cache.get("b")), ("3", "2"))
        self.clock.advance(1)
        self.assertEqual((self.cache.get("a"), self.cache.get("b")), (None, None))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_size(self) -> None:
        """The oldest make place; what is larger than all there is, is not kept."""
        for key in "abc":
            self.cache.put(key, key, 4)
        self.assertEqual([self.cache.get(key) for key in "abc"], [None, "b", "c"])
        self.cache.put("d", "d", 11)
        self.assertEqual([self.cache.get(key) for key in "bcd"], [None, None, None])
        self.cache.put("e", "e", 10)
        self.assertEqual(self.cache.get("e"), "e")
