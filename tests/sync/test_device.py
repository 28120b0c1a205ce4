"""Devices: what they record, what survives, how they agree."""

import shutil
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from car.store.errors import StaleVersion, StoreUnavailable
from car.sync.errors import FrontierTruncated, InvalidOperation, JournalForked
from car.sync.intents import Intent, lease_name
from tests.sync.doubles import SyncCase, Unit, turn


class RecordingTests(SyncCase):
    """What one device records."""

    def setUp(self) -> None:
        super().setUp()
        self.one = self.unit("a")

    def test_append(self) -> None:
        """Operations are numbered and timed; what is wrong is not recorded."""
        first, second = self.learn(self.one, n=1), self.learn(self.one, n=2)
        self.assertEqual((first.seq, second.seq), (1, 2))
        self.assertLess(first.hlc, second.hlc)
        self.problem(self.one.sync.append("dreams", {}, "personal"), InvalidOperation)
        self.problem(self.one.sync.append("conversation", {}, "personal"), InvalidOperation)
        self.assertEqual(self.learn(self.one, n=3).seq, 3)
        self.assertEqual(self.facts(self.one), [{"n": 1}, {"n": 2}, {"n": 3}])

    def test_restart(self) -> None:
        """All of it is there after a restart, the device id too, and the clock never goes back."""
        last = self.learn(self.one, id="x")
        before = self.result(self.one.sync.status())
        again = self.unit("other", self.one.path)
        again.clock.at -= 3600
        self.assertEqual(self.result(again.sync.status()), before)
        self.assertEqual(self.result(again.sync.device_id()), "dev-a")
        new = self.learn(again, id="y")
        self.assertEqual(new.seq, 2)
        self.assertGreater(new.hlc, last.hlc)

    def test_turns(self) -> None:
        """A transcript is what was recorded; to resume it is repaired."""
        record = self.one.sync.record_turn
        self.result(record("c1", "user", "hi", timestamp="2026-01-01T00:00:00Z"))
        self.result(record("c1", "assistant", "", tool_calls=[{"id": "t"}]))
        self.result(record("c2", "user", "elsewhere"))
        (first, second) = self.result(self.one.sync.transcript("c1"))
        self.assertEqual(first["timestamp"], "2026-01-01T00:00:00Z")
        self.assertEqual(second["timestamp"][:11], "2026-03-04T")
        self.assertEqual(second["tool_calls"], [{"id": "t"}])
        self.assertEqual(set(first["hlc"]), {"wall_ms", "counter", "device_id"})
        self.assertEqual(len(self.result(self.one.sync.transcript())), 3)
        roles = [message["role"] for message in self.result(self.one.sync.resume("c1"))]
        self.assertEqual(roles, ["user", "assistant", "tool_result"])
        self.assertEqual(self.result(self.one.sync.resume())[0]["content"], "elsewhere")
        self.assertEqual(self.result(self.unit("b").sync.resume()), [])

    def test_intents(self) -> None:
        """Under the lease a run goes ahead once; then it is committed for good."""
        lease = self.result(self.acquire("dev-a"))

        def record(epoch: int, status: Any) -> Any:
            intent = Intent("mender", "run-1", epoch, status)
            return self.result(self.one.sync.record_intent(intent, "personal"))

        def decision(epoch: int) -> str:
            fence = self.result(self.one.sync.fence_check("mender", "run-1", epoch))
            return type(fence).__name__

        self.assertEqual(decision(lease.epoch), "Proceed")
        self.assertEqual(decision(lease.epoch + 1), "NotHeld")
        self.assertEqual(record(lease.epoch, "pending").seq, 1)
        self.assertEqual(record(lease.epoch - 1, "pending"), "stale_epoch")
        self.assertEqual(record(lease.epoch, "committed").seq, 2)
        self.assertEqual(record(lease.epoch + 1, "pending"), "already_committed")
        self.assertEqual(decision(lease.epoch), "AlreadyCommitted")

    async def acquire(self, holder: str) -> Any:
        """Take the lease of an agent."""
        return await self.one.leases.acquire(lease_name("mender"), holder, 30.0)

    def test_store_fails(self) -> None:
        """What the store did not take is not there, and its number is given again."""
        self.learn(self.one, n=1)
        transact = self.one.store.transact
        self.one.store.transact = lambda operations: failed()  # type: ignore[method-assign]

        def failed() -> Any:
            return Deferred.fromCoroutine(unavailable())

        async def unavailable() -> None:
            raise StoreUnavailable("no")

        self.problem(self.one.sync.append("knowledge", {"n": 2}, "personal"), StoreUnavailable)
        self.one.store.transact = transact  # type: ignore[method-assign]
        self.assertEqual(self.facts(self.one), [{"n": 1}])
        self.assertEqual(self.learn(self.one, n=3).seq, 2)

    def test_cancelled(self) -> None:
        """A caller that goes away leaves the device as the store has it."""
        answer: Deferred[Any] = Deferred()
        transact = self.one.store.transact
        self.learn(self.one, n=1)

        def slow(operations: Any) -> Any:
            transact(operations)
            return answer

        self.one.store.transact = slow  # type: ignore[method-assign]
        called = Deferred.fromCoroutine(self.one.sync.append("knowledge", {"n": 2}, "personal"))
        waiting = Deferred.fromCoroutine(self.one.sync.knowledge())
        self.assertNoResult(waiting)
        called.cancel()
        self.failureResultOf(called)
        self.one.store.transact = transact  # type: ignore[method-assign]
        self.assertEqual(self.successResultOf(waiting), [{"n": 1}, {"n": 2}])
        self.assertEqual(self.learn(self.one, n=3).seq, 3)

    def test_two_processes(self) -> None:
        """A second process on the same store is noticed; the next call reads what it wrote."""
        other = self.unit("a", self.one.path)
        self.learn(self.one, n=1)
        self.assertEqual(self.facts(other), [{"n": 1}])
        self.learn(other, n=2)
        self.problem(self.one.sync.append("knowledge", {"n": 3}, "personal"), StaleVersion)
        self.assertEqual(self.learn(self.one, n=3).seq, 3)
        self.assertEqual(len(self.facts(self.one)), 3)


class ExchangeTests(SyncCase):
    """Devices that share a relay."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.two = self.unit("a"), self.unit("b")

    def test_converge(self) -> None:
        """Two devices that have pumped know the same and have the same hash."""
        self.learn(self.one, id="x", n=1)
        self.learn(self.two, id="x", n=2)
        self.learn(self.two, id="y")
        self.assertNotEqual(self.state_hash(self.one), self.state_hash(self.two))
        first = self.pump(self.one)
        self.assertEqual((first.pushed, first.push_deduped, first.folded), (1, 0, 0))
        second = self.pump(self.two)
        self.assertEqual((second.pushed, second.folded), (2, 1))
        third = self.pump(self.one)
        self.assertEqual((third.pushed, third.folded), (0, 2))
        self.assertEqual(third.state_hash, second.state_hash)
        self.assertEqual(self.facts(self.one), self.facts(self.two))
        status = self.result(self.one.sync.status())
        self.assertEqual(status.journal_frontier, {"dev-a": 1, "dev-b": 2})
        self.assertEqual([report.device_id for report in status.roster], ["dev-a", "dev-b"])
        self.assertEqual(status.stable_frontier, min(second.acked, third.acked))

    def test_many(self) -> None:
        """More than fits one page, one file or one transaction arrives whole."""
        for n in range(620):
            self.learn(self.one, n=n)
        one = self.unit("a", self.one.path)
        self.assertEqual(self.pump(one).pushed, 620)
        self.assertEqual(len(list((self.relay / "ops" / "dev-a").iterdir())), 2)
        pumped = self.pump(self.two)
        self.assertEqual((pumped.folded, pumped.state_hash), (620, self.state_hash(one)))
        again = self.unit("b", self.two.path)
        self.assertEqual(self.facts(again), [{"n": n} for n in range(620)])

    def test_idle(self) -> None:
        """A pump with nothing to do changes nothing but the report."""
        self.learn(self.one, n=1)
        first, second = self.pump(self.one), self.pump(self.one)
        self.assertEqual((second.pushed, second.folded), (0, 0))
        self.assertEqual(second.state_hash, first.state_hash)
        self.assertGreater(second.acked, first.acked)

    def test_acked(self) -> None:
        """What is recorded after a pump is later than what it reported, a restart between."""
        acked = self.pump(self.one).acked
        again = self.unit("a", self.one.path)
        again.clock.at -= 3600
        self.assertGreater(self.learn(again, n=1).hlc, acked)

    def test_deduped(self) -> None:
        """A push whose end was not noted is not made twice."""
        self.learn(self.one, n=1)
        kept = Path(self.mktemp())
        self.successResultOf(self.one.database.close())
        shutil.copy(self.one.path, kept)
        one = self.unit("a", self.one.path)
        self.pump(one)
        again = self.unit("a", kept)
        pumped = self.pump(again)
        self.assertEqual((pumped.pushed, pumped.push_deduped), (0, 1))

    def test_restored(self) -> None:
        """A device whose state was restored reads its own operations back."""
        kept = Path(self.mktemp())
        self.learn(self.one, n=1)
        self.pump(self.one)
        self.successResultOf(self.one.database.close())
        shutil.copy(self.one.path, kept)
        one = self.unit("a", self.one.path)
        self.learn(one, n=2)
        self.pump(one)
        again = self.unit("a", kept)
        self.assertEqual(self.pump(again).folded, 1)
        self.assertEqual(self.facts(again), [{"n": 1}, {"n": 2}])
        self.assertEqual(self.learn(again, n=3).seq, 3)

    def test_forked(self) -> None:
        """One that recorded before it read them back is told."""
        kept = Path(self.mktemp())
        self.learn(self.one, n=1)
        self.successResultOf(self.one.database.close())
        shutil.copy(self.one.path, kept)
        one, again = self.unit("a", self.one.path), self.unit("a", kept)
        self.learn(one, n=2)
        self.pump(one)
        self.learn(again, n=3)
        self.problem(again.sync.exchange.pump(), JournalForked)

    def test_checkpoint(self) -> None:
        """What all have read is cut off once it is in a checkpoint; who comes later rebases."""
        for unit in (self.one, self.two, self.one, self.two):
            self.learn(unit, n=unit.name)
            self.pump(unit)
        published, digest = self.result(self.one.sync.exchange.checkpoint())
        self.assertTrue(published)
        again = self.result(self.one.sync.exchange.checkpoint())
        self.assertEqual(again, (False, digest))
        self.assertEqual(self.result(self.one.sync.status()).base_checkpoint, digest)
        self.assertEqual(list((self.relay / "ops" / "dev-a").iterdir()), [])
        self.learn(self.two, n="later")
        self.pump(self.two)
        self.pump(self.one)
        three = self.unit("c")
        self.learn(three, n="mine")
        problem = self.problem(three.sync.exchange.pump(), FrontierTruncated)
        self.assertIn("sync.rebase", str(problem))
        self.assertEqual(self.result(three.sync.exchange.rebase()), (True, digest))
        self.assertEqual(self.result(three.sync.exchange.rebase()), (False, digest))
        for unit in (three, self.one, self.two):
            self.pump(unit)
        hashes = {self.state_hash(unit) for unit in (self.one, self.two, three)}
        self.assertEqual(len(hashes), 1)
        self.assertEqual(len(self.facts(three)), 6)

    def test_not_cut(self) -> None:
        """What some device has not read stays at the relay, as it does without a report."""
        self.learn(self.one, n=1)
        self.result(self.one.sync.exchange.checkpoint())
        self.pump(self.two)
        self.pump(self.one)
        self.learn(self.one, n=2)
        self.result(self.one.sync.exchange.checkpoint())
        self.assertEqual(len(list((self.relay / "ops" / "dev-a").iterdir())), 1)
        self.assertEqual(self.pump(self.two).folded, 1)

    def test_nothing_to_publish(self) -> None:
        """Without operations there is no checkpoint, and without checkpoints no rebase."""
        self.assertEqual(self.result(self.one.sync.exchange.checkpoint()), (False, None))
        self.assertEqual(self.result(self.one.sync.exchange.rebase()), (False, None))

    def test_two_checkpoints(self) -> None:
        """Checkpoints of several devices are joined, so that each may cut off its own."""
        for unit in (self.one, self.two, self.one, self.two):
            self.learn(unit, n=unit.name)
            self.pump(unit)
        self.pump(self.one)
        self.pump(self.two)
        for unit in (self.one, self.two):
            self.result(unit.sync.exchange.checkpoint())
        for device in ("dev-a", "dev-b"):
            self.assertEqual(list((self.relay / "ops" / device).iterdir()), [])
        three = self.unit("c")
        self.problem(three.sync.exchange.pump(), FrontierTruncated)
        self.result(three.sync.exchange.rebase())
        self.assertEqual(self.pump(three).state_hash, self.state_hash(self.one))

    def test_rebase_forked(self) -> None:
        """A checkpoint that knows more of a device than it does itself is noticed."""
        self.learn(self.one, n=1)
        self.pump(self.one)
        self.result(self.one.sync.exchange.checkpoint())
        impostor = self.unit("a")
        self.problem(impostor.sync.exchange.pump(), FrontierTruncated)
        self.learn(impostor, n=2)
        self.learn(self.one, n=3)
        self.result(self.one.sync.exchange.checkpoint())
        self.problem(impostor.sync.exchange.rebase(), JournalForked)

    def test_intent_elsewhere(self) -> None:
        """What another device has committed is not done again here."""
        intent = Intent("mender", "run-1", 1, "committed")
        self.result(self.one.sync.record_intent(intent, "personal"))
        self.pump(self.one)
        self.pump(self.two)
        fence = self.result(self.two.sync.fence_check("mender", "run-1", 1))
        self.assertEqual(type(fence).__name__, "AlreadyCommitted")

    @settings(deadline=None, max_examples=25)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2),
                st.sampled_from(["learn", "learn", "turn", "pump", "checkpoint", "restart"]),
                st.integers(0, 3),
            ),
            max_size=30,
        )
    )
    def test_any_history(self, steps: list[tuple[int, str, int]]) -> None:
        """Whatever devices do and in whatever order, pumped twice they agree."""
        self.relay = Path(self.mktemp()) / "relay"
        units = [self.unit(name) for name in "abc"]
        for index, step, n in steps:
            unit = units[index]
            unit.clock.at += n * (1 - index)  # the clocks drift apart
            if step == "learn":
                self.learn(unit, id=f"f{n}", by=unit.name)
            elif step == "turn":
                self.result(unit.sync.append("conversation", turn(content=f"{n}"), "personal"))
            elif step == "restart":
                units[index] = self.unit(unit.name, unit.path)
            else:
                self.exchange(unit, step)
        for _ in range(2):
            for unit in units:
                self.exchange(unit, "pump")
        self.assertEqual(len({self.state_hash(unit) for unit in units}), 1)
        self.assertEqual(self.facts(units[0]), self.facts(units[2]))
        for unit in units:
            self.successResultOf(unit.database.close())

    def exchange(self, unit: Unit, step: str) -> None:
        """Pump, rebased where that is needed, or leave a checkpoint."""
        if step == "checkpoint":
            self.result(unit.sync.exchange.checkpoint())
            return
        outcome: list[Any] = []
        Deferred.fromCoroutine(unit.sync.exchange.pump()).addBoth(outcome.append)
        if not hasattr(outcome[0], "pushed"):
            outcome[0].trap(FrontierTruncated)
            self.result(unit.sync.exchange.rebase())
            self.pump(unit)
