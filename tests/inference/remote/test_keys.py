"""Key pools: turns, rests, statistics."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import ProviderError
from car.inference.remote.keys import LIMITED_SECONDS, REFUSED_SECONDS, KeyPools
from car.ir.json import JsonObject

ENDPOINT = "https://user:hidden@host/v1?key=hidden"
TOLD = "https://host/v1"
KEYS = [("A", "sk-a"), ("B", "sk-b"), ("C", "sk-c")]


class KeyPoolTests(SynchronousTestCase):
    """KeyPools.choose and ended."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.saved: list[JsonObject] = []
        self.pools = KeyPools(self.clock.seconds, save=self.saved.append)

    def use(self, error: ProviderError | None = None) -> str:
        """Use a key, with *error* or well; its name."""
        name, _ = self.pools.choose(ENDPOINT, KEYS)
        self.pools.ended(ENDPOINT, name, error)
        self.clock.advance(1)
        return name

    def test_turns(self) -> None:
        """Keys take turns, also within one instant."""
        self.assertEqual([self.use() for _ in range(6)], ["A", "B", "C"] * 2)
        names = [self.pools.choose("https://other", KEYS)[0] for _ in range(6)]
        self.assertEqual(names, ["A", "B", "C"] * 2)

    def test_limited(self) -> None:
        """A key over its limit rests, as long as the provider says or a minute."""
        for after, seconds in ((None, LIMITED_SECONDS), (20.0, 20.0)):
            self.pools = KeyPools(self.clock.seconds)
            self.use(ProviderError("x", status=429, retry_after=after))
            self.assertEqual({self.use() for _ in range(4)}, {"B", "C"})
            self.clock.advance(seconds)
            self.assertIn("A", [self.use() for _ in range(3)])

    def test_refused(self) -> None:
        """So does a refused key; where all rest, the one whose rest ends first is taken."""
        self.use(ProviderError("x", status=401))
        self.use(ProviderError("x", status=429, retry_after=10))
        self.use(ProviderError("x", status=403))
        self.assertEqual(self.use(), "B")
        self.clock.advance(REFUSED_SECONDS)
        self.assertEqual(self.use(), "A")

    def test_tried(self) -> None:
        """What was tried already comes last."""
        self.assertEqual(self.pools.choose(ENDPOINT, KEYS, {"A"})[0], "B")
        self.assertEqual(self.pools.choose(ENDPOINT, KEYS, {"A", "B", "C"})[0], "A")

    def test_statistics(self) -> None:
        """They are kept by endpoint and name, without any secret, and are read again."""
        self.use()
        self.use(ProviderError("x", status=500))
        self.use(ProviderError("x", status=429, retry_after=7))
        told: Any = self.saved[-1][TOLD]
        self.assertEqual((told["A"]["requests"], told["A"]["successes"]), (1, 1))
        self.assertEqual((told["B"]["failures"], told["C"]["rate_limited"]), (1, 1))
        self.assertNotIn("hidden", repr(self.saved))
        self.assertNotIn("sk-", repr(self.saved))
        again = KeyPools(self.clock.seconds, self.saved[-1])
        self.assertEqual(again.snapshot(), self.saved[-1])
        self.assertEqual(again.choose(ENDPOINT, KEYS)[0], "A")

    def test_broken_statistics(self) -> None:
        """Statistics that make no sense are forgotten."""
        pools = KeyPools(self.clock.seconds, {"x": {"A": {"requests": "many"}}})
        self.assertEqual(pools.snapshot(), {})
