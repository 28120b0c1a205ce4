"""Key pools: turns, rests, statistics."""

import json
import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import ProviderError
from car.inference.keeping import SAVE_SECONDS
from car.inference.remote.keys import LIMITED_SECONDS, REFUSED_SECONDS, KeyPools

ENDPOINT = "https://user:hidden@host/v1?key=hidden"
TOLD = "https://host/v1"
KEYS = [("A", "sk-a"), ("B", "sk-b"), ("C", "sk-c")]


class KeyPoolTests(SynchronousTestCase):
    """KeyPools.choose and ended."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.path = Path(self.mktemp()) / "models" / "key_pool_stats.json"
        self.pools = self.open()

    def open(self) -> KeyPools:
        """The pools as they were saved."""
        pools = KeyPools(self.path, self.clock, maybeDeferred, self.clock.seconds)
        self.successResultOf(Deferred.fromCoroutine(pools.load()))
        return pools

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
            self.pools = self.open()
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
        self.clock.advance(SAVE_SECONDS)
        text = self.path.read_text("utf-8")
        told: Any = json.loads(text)[TOLD]
        self.assertEqual((told["A"]["requests"], told["A"]["successes"]), (1, 1))
        self.assertEqual((told["B"]["failures"], told["C"]["rate_limited"]), (1, 1))
        self.assertNotIn("hidden", text)
        self.assertNotIn("sk-", text)
        again = self.open()
        self.assertEqual(again.snapshot(), self.pools.snapshot())
        self.assertEqual(again.choose(ENDPOINT, KEYS)[0], "A")

    def test_flushed(self) -> None:
        """What was not saved yet is saved at the end; a rest is remembered by the next daemon."""
        self.use(ProviderError("x", status=429, retry_after=60))
        self.successResultOf(self.pools.flush())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.pools = self.open()
        self.assertEqual([self.use() for _ in range(4)], ["B", "C", "B", "C"])
        self.successResultOf(self.pools.flush())

    def test_broken_statistics(self) -> None:
        """Statistics that make no sense are moved aside."""
        self.path.parent.mkdir(parents=True)
        self.path.write_text('{"x": {"A": {"requests": "many"}}}')
        self.assertEqual(self.open().snapshot(), {})
        self.assertEqual(os.listdir(self.path.parent), ["key_pool_stats.json.broken"])
