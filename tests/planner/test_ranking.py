"""Tests of car.planner.ranking; the scores are pinned down by the conformance cases."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.ir.proposal import Action, ActionProposal, proposal_of
from car.planner.ranking import estimate_tokens, rank_proposals
from tests.ir.strategies import proposals


class RankTests(SynchronousTestCase):
    """rank_proposals."""

    def test_equal_scores(self) -> None:
        """Of equal scores the shorter comes first, then the earlier."""
        short = ActionProposal(id="p", actions=[Action(id="a", type="assertion")])
        long = ActionProposal(id="p" * 99, actions=short.actions)
        ranked = rank_proposals([long, short, short], cost_weight=0)
        self.assertEqual([one.index for one in ranked], [1, 2, 0])

    def test_names_from_an_iterator(self) -> None:
        """Names of tools serve all candidates, whatever they come from."""
        proposal = ActionProposal(actions=[Action(type="tool_call", tool="t")])
        ranked = rank_proposals([proposal, proposal], iter(["t"]))
        self.assertTrue(all(one.valid for one in ranked))

    @settings(deadline=None, max_examples=100)
    @given(st.lists(proposals(), max_size=3), st.floats(-1, 2))
    def test_bounds(self, candidates: list[ActionProposal], weight: float) -> None:
        """Each candidate is ranked once, scores fall, and lie between 0 and 1."""
        ranked = rank_proposals(candidates, cost_weight=weight)
        self.assertEqual(sorted(one.index for one in ranked), list(range(len(candidates))))
        scores = [one.score for one in ranked]
        self.assertEqual(scores, sorted(scores, reverse=True))
        for one in ranked:
            self.assertTrue(0 <= one.score <= 1 and 0 <= one.cost_efficiency <= 1)
            self.assertTrue(one.valid or one.score == 0)


class TokenTests(SynchronousTestCase):
    """estimate_tokens."""

    def test_later_fields_cost_nothing(self) -> None:
        """Only fields that the reference's first release knows are counted."""
        plain = {"id": "a", "type": "tool_call", "tool": "t", "timeout_ms": 5}
        later = {
            **plain,
            "dependencies": ["x"] * 50,
            "read_set": ["k"],
            "reversibility": "reversible",
        }
        base = {"id": "p", "timestamp": "2026-03-04T05:06:07Z"}
        self.assertEqual(
            estimate_tokens(proposal_of({**base, "actions": [plain]})),
            estimate_tokens(proposal_of({**base, "actions": [later]})),
        )

    def test_timestamp(self) -> None:
        """The instant is written in UTC with as many decimals as it needs."""
        counts = [
            estimate_tokens(
                proposal_of({"id": "p", "actions": [], "timestamp": f"2026-03-04T05:06:07{rest}"})
            )
            for rest in ("+02:00", "Z", ".5Z", ".000001Z")
        ]
        self.assertEqual(counts, [22, 22, 23, 24])
