"""Fences: whether a run may act."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, to_value
from car.store.records import Lease
from car.sync.intents import Intent, fence, objection


def intent(epoch: int, status: Any) -> Intent:
    """An intent of one run."""
    return Intent("mender", "run-1", epoch, status)


def lease(epoch: int, holder: str = "dev-a") -> Lease:
    """A lease in force."""
    return Lease("agent:mender", holder, epoch, 0.0)


class FenceTests(SynchronousTestCase):
    """fence: the lease and the intent decide."""

    def decided(self, recorded: Intent | None, held: Lease | None, epoch: int) -> JsonObject:
        """The decision for dev-a."""
        decision: JsonObject = to_value(fence(recorded, held, "dev-a", epoch))
        return decision

    def test_proceed(self) -> None:
        """Who holds the lease under that epoch may act, again too if it failed."""
        for recorded in (None, intent(4, "pending"), intent(3, "pending"), intent(4, "failed")):
            self.assertEqual(self.decided(recorded, lease(4), 4), {"decision": "proceed"})

    def test_committed(self) -> None:
        """What was done is not done again, whoever holds the lease."""
        for held in (None, lease(4), lease(9, "dev-b")):
            self.assertEqual(
                self.decided(intent(3, "committed"), held, 4),
                {"decision": "already_committed", "epoch": 3},
            )

    def test_stale(self) -> None:
        """An epoch behind that of the lease or of the intent is stale."""
        stale = {"decision": "stale_epoch", "current_epoch": 5}
        self.assertEqual(self.decided(None, lease(5), 4), stale)
        self.assertEqual(self.decided(None, lease(5, "dev-b"), 4), stale)
        self.assertEqual(self.decided(intent(5, "pending"), lease(4), 4), stale)
        self.assertEqual(self.decided(intent(5, "pending"), None, 4), stale)

    def test_not_held(self) -> None:
        """Without the lease nobody acts."""
        self.assertEqual(self.decided(None, None, 4), {"decision": "not_held"})
        self.assertEqual(
            self.decided(None, lease(4, "dev-b"), 4), {"decision": "not_held", "holder": "dev-b"}
        )
        self.assertEqual(
            self.decided(None, lease(3), 4), {"decision": "not_held", "holder": "dev-a"}
        )

    def test_objection(self) -> None:
        """Nothing is recorded after a commit, nor under an epoch that is over."""
        self.assertIsNone(objection(None, 0))
        self.assertIsNone(objection(intent(3, "pending"), 3))
        self.assertIsNone(objection(intent(3, "failed"), 4))
        self.assertEqual(objection(intent(3, "pending"), 2), "stale_epoch")
        self.assertEqual(objection(intent(3, "committed"), 9), "already_committed")
