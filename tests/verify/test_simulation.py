"""Tests of car.verify.simulation and car.verify.optimization."""

import msgspec
from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject
from car.ir.proposal import ActionProposal
from car.verify.analysis import verify
from car.verify.optimization import optimize
from car.verify.simulation import equivalent, simulate
from tests.ir.strategies import STATES, proposals
from tests.verify.test_analysis import call, plan, write


class SimulateTests(SynchronousTestCase):
    """simulate, equivalent."""

    def test_blocked_by_name(self) -> None:
        """What names a blocked action, or uses its output, is blocked too."""
        proposal = plan(
            call("a", state_dependencies=["none"]),
            write("b", "b", dependencies=["a"]),
            write("c", "c", dependencies=["b"]),
            write("d", "d", dependencies=["nobody"]),
            write("e", "e"),
        )
        self.assertEqual(simulate(proposal), {"e": 1})

    def test_blocked_by_reference(self) -> None:
        """A reference waits for its action through the state key that orders them."""
        first = call("a", expected_effects={"k": 1}, preconditions=[{"key": "go"}])
        user = write("b", "b", "$a.output", state_dependencies=["k"])
        self.assertEqual(simulate(plan(first, user), {"k": 0}), {"k": 0})

    def test_probes(self) -> None:
        """Proposals are told apart by the states they are tried in."""
        gated = plan(write("a", "k", preconditions=[{"key": "x", "operator": "not_exists"}]))
        free = plan(write("a", "k"))
        self.assertFalse(equivalent(gated, free))
        self.assertTrue(equivalent(gated, free, probes=[{}]))

    @settings(deadline=None, max_examples=100)
    @given(proposals(), STATES)
    def test_valid_proposals(self, proposal: ActionProposal, state: JsonObject) -> None:
        """A valid proposal leads where verify says."""
        report = verify(proposal, state)
        if report.valid:
            self.assertEqual(simulate(proposal, state), report.simulated_state)


class OptimizeTests(SynchronousTestCase):
    """optimize: dependencies that order nothing go, everything else stays."""

    def test_drops(self) -> None:
        """Only dependencies on keys that nobody writes go."""
        proposal = plan(
            {
                "id": "a",
                "state_dependencies": ["later", "nobody", "own"],
                "expected_effects": {"own": 1},
            },
            write("b", "later"),
        )
        first, second = optimize(proposal).actions
        self.assertEqual(first.state_dependencies, ["later", "own"])
        self.assertIs(second, proposal.actions[1])

    @settings(deadline=None, max_examples=100)
    @given(proposals(), STATES)
    def test_simulates_alike(self, proposal: ActionProposal, state: JsonObject) -> None:
        """Where all dependencies are present, the proposal leads to the same state."""
        needed = [key for action in proposal.actions for key in action.state_dependencies]
        state = {**dict.fromkeys(needed), **state}
        self.assertEqual(simulate(optimize(proposal), state), simulate(proposal, state))

    @settings(deadline=None, max_examples=100)
    @given(proposals())
    def test_nothing_else_changes(self, proposal: ActionProposal) -> None:
        """Levels stay, a second time changes nothing, and so do all other fields."""
        optimized = optimize(proposal)
        self.assertEqual(verify(optimized).execution_levels, verify(proposal).execution_levels)
        self.assertEqual(optimize(optimized), optimized)
        restored = [
            msgspec.structs.replace(action, state_dependencies=original.state_dependencies)
            for action, original in zip(optimized.actions, proposal.actions, strict=True)
        ]
        self.assertEqual(msgspec.structs.replace(optimized, actions=restored), proposal)
