"""Tests of car.engine.replanning: another plan after one was aborted."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer
from zope.interface.verify import verifyObject

from car.engine.interfaces import IReplanner
from car.engine.settings import ReplanConfig
from car.errors import CarError
from car.ir.json import JsonObject
from car.ir.proposal import ActionProposal
from car.ir.results import ProposalResult
from tests.engine.doubles import RuntimeCase, call, check, proposal, statuses, write


@implementer(IReplanner)
class ScriptedReplanner:
    """Offers what a test put into ``offers``, one list of proposals a question."""

    def __init__(self) -> None:
        self.offers: list[Any] = []
        self.asked: list[tuple[str, list[str], int]] = []

    def alternatives(
        self, proposal: ActionProposal, results: ProposalResult, attempt: int
    ) -> "Deferred[list[ActionProposal]]":
        """The next offer; nothing when there is none left."""
        self.asked.append((proposal.id, statuses(results), attempt))
        offer = self.offers.pop(0) if self.offers else []
        if isinstance(offer, Deferred):
            return offer
        return fail(offer) if isinstance(offer, Exception) else succeed(offer)


BAD: JsonObject = check("a", "k", "never")


def plan(id: str, *actions: JsonObject) -> ActionProposal:
    """A proposal to offer."""
    return ActionProposal(id=id, actions=proposal(*actions).actions)


class ReplanTests(RuntimeCase):
    """Runtime.execute with a replanner."""

    def setUp(self) -> None:
        super().setUp()
        self.replanner = self.runtime.replanner = ScriptedReplanner()
        self.replan(max_replans=2)

    def replan(self, **settings: Any) -> None:
        self.runtime.set_replan(ReplanConfig(**settings))

    def finish(self, *actions: JsonObject) -> ProposalResult:
        done = self.begin(*actions)
        self.clock.advance(0)
        return self.successResultOf(done)

    def replan_kinds(self) -> list[str]:
        return [kind for kind in self.kinds() if kind.startswith("replan")]

    def test_interface(self) -> None:
        """The double is a replanner."""
        verifyObject(IReplanner, self.replanner)

    def test_another_plan(self) -> None:
        """After an abort the offered plan runs; its result is the answer."""
        self.replanner.offers = [[plan("p2", write("b", "k", 1))]]
        result = self.finish(write("w", "l"), BAD)
        self.assertEqual((result.proposal_id, statuses(result)), ("p2", ["succeeded"]))
        self.assertEqual(self.runtime.state.snapshot(), {"k": 1})
        self.assertEqual(self.replanner.asked, [("p1", ["succeeded", "failed"], 1)])
        self.assertEqual(self.replan_kinds(), ["replan_attempted", "replan_proposal_received"])
        attempted, received = self.lines("replan_attempted", "replan_proposal_received")
        self.assertEqual((attempted["proposal_id"], attempted["data"]), ("p1", {"attempt": 1}))
        self.assertEqual((received["proposal_id"], received["data"]), ("p2", {"replaces": "p1"}))
        self.assertNothingLeft()

    def test_success_asks_nobody(self) -> None:
        """Without an abort nobody is asked, a rejection included."""
        self.finish(call("a", "nope"), write("b", "k"))
        self.assertEqual(self.replanner.asked, [])

    def test_on_rejected(self) -> None:
        """With ``replan_on_rejected`` a rejection is reason enough."""
        self.replan(max_replans=1, replan_on_rejected=True)
        self.replanner.offers = [[plan("p2", write("b", "k"))]]
        self.assertEqual(self.finish(call("a", "nope")).proposal_id, "p2")

    def test_exhausted(self) -> None:
        """At most so many plans; the last result is the answer, and the journal says so."""
        self.replanner.offers = [[plan(f"p{n}", BAD)] for n in range(2, 9)]
        self.assertEqual(self.finish(BAD).proposal_id, "p3")
        self.assertEqual([attempt for _, _, attempt in self.replanner.asked], [1, 2])
        (line,) = self.lines("replan_exhausted")
        self.assertEqual(line["data"], {"attempts": 2})

    def test_exhausted_by_rejections(self) -> None:
        """Also when the last plan was rejected and that counts."""
        self.replan(max_replans=1, replan_on_rejected=True, verify_before_execute=False)
        self.replanner.offers = [[plan("p2", call("b", "nope"))]]
        self.assertEqual(statuses(self.finish(call("a", "nope"))), ["rejected"])
        self.assertEqual(len(self.lines("replan_exhausted")), 1)

    def test_last_plan_succeeds(self) -> None:
        """A last attempt that succeeds exhausts nothing."""
        self.replanner.offers = [[plan("p2", BAD)], [plan("p3", write("b", "k"))]]
        self.finish(BAD)
        self.assertEqual(self.lines("replan_exhausted"), [])

    def test_gives_up(self) -> None:
        """An empty offer, or an error of the replanner's, leaves the last result."""
        offers: list[Any] = [[], CarError("no idea")]
        for offer in offers:
            self.replanner.offers = [offer]
            self.assertEqual(statuses(self.finish(BAD)), ["failed"])
        self.assertEqual(len(self.lines("replan_exhausted")), 2)

    def test_defect(self) -> None:
        """A defect of the replanner's is logged; the results are not lost to it."""
        self.replanner.offers = [KeyError("x")]
        self.assertEqual(statuses(self.finish(BAD)), ["failed"])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_verified(self) -> None:
        """A plan that does not verify is passed over for the next best."""
        self.replanner.offers = [[plan("bad", call("b", "nope")), plan("good", write("c", "k"))]]
        self.assertEqual(self.finish(BAD).proposal_id, "good")
        self.replanner.offers = [[plan("bad", call("b", "nope"))]]
        self.assertEqual(self.finish(BAD).proposal_id, "p1")
        (line,) = self.lines("replan_rejected")
        self.assertEqual(line["proposal_id"], "bad")
        self.assertIn("not registered", line["data"]["issues"][0])

    def test_unverified(self) -> None:
        """Without verification the best plan runs as it is."""
        self.replan(max_replans=1, verify_before_execute=False)
        self.replanner.offers = [[plan("bad", call("b", "nope"))]]
        self.assertEqual(statuses(self.finish(BAD)), ["rejected"])

    def test_best_of_several(self) -> None:
        """The best ranked of several is taken."""
        small = plan("small", write("b", "k"))
        large = plan("large", *(write(f"b{n}", f"k{n}") for n in range(15)))
        self.replanner.offers = [[large, small]]
        self.assertEqual(self.finish(BAD).proposal_id, "small")

    def test_delay(self) -> None:
        """The pause comes before the question."""
        self.replan(max_replans=1, delay_ms=500)
        self.replanner.offers = [[plan("p2", write("b", "k"))]]
        done = self.begin(BAD)
        self.clock.advance(0.4)
        self.assertEqual(self.replanner.asked, [])
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(done).proposal_id, "p2")
        self.assertNothingLeft()

    def test_cancelled(self) -> None:
        """Cancelling ends it wherever it stands: running, pausing, asking."""
        done = self.begin(call("a"))
        self.runtime.cancel_all("gone")
        self.assertEqual(statuses(self.successResultOf(done)), ["failed"])
        done = self.begin(call("a"))
        done.cancel()
        self.successResultOf(done)
        self.replan(max_replans=1, delay_ms=500)
        pausing = self.begin(BAD)
        pausing.cancel()
        self.failureResultOf(pausing)
        self.replan(max_replans=1)
        asked: Deferred[list[ActionProposal]] = Deferred()
        self.replanner.offers = [asked]
        asking = self.begin(BAD)
        self.clock.advance(0)
        asking.cancel()
        self.failureResultOf(asking)
        self.assertNothingLeft()

    def test_off(self) -> None:
        """Without replans nobody is asked."""
        self.replan(max_replans=0)
        self.assertEqual(statuses(self.run_now(BAD)), ["failed"])
        self.assertEqual(self.replanner.asked, [])
