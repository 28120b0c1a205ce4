"""Tests of car.ir.proposal, car.ir.tools and car.ir.results."""

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonError, JsonObject, RecordError, convert, encode, to_value
from car.ir.proposal import Action, ActionProposal, RuntimeScope, parse_proposal, proposal_of
from car.ir.results import ActionResult
from car.ir.tools import ToolSchema
from tests.ir.strategies import proposals


class ProposalTests(SynchronousTestCase):
    """Reading and writing proposals (engine.md §1)."""

    def test_defaults(self) -> None:
        """What is absent gets its default; generated ids are 12 hex digits, each another."""
        proposal = parse_proposal('{"actions": [{"type": "assertion"}, {"type": "state_read"}]}')
        first, second = proposal.actions
        self.assertRegex(proposal.id, "^[0-9a-f]{12}$")
        self.assertRegex(first.id, "^[0-9a-f]{12}$")
        self.assertNotEqual(first.id, second.id)
        self.assertEqual(proposal.source, "unknown")
        self.assertEqual((first.max_retries, first.failure_behavior), (3, "abort"))

    def test_later_fields_are_left_out(self) -> None:
        """An action is written with every field of the first release and no unset later one."""
        written = encode(Action(id="a", type="assertion"))
        self.assertEqual(
            written,
            b'{"id":"a","type":"assertion","parameters":{},"preconditions":[],'
            b'"expected_effects":{},"state_dependencies":[],"idempotent":false,"max_retries":3,'
            b'"failure_behavior":"abort","metadata":{}}',
        )

    def test_wrong_fields_are_named(self) -> None:
        """An error names the field that is wrong."""
        wrong: dict[str, JsonObject] = {
            "actions": {},
            "actions[0].type": {"actions": [{"type": "launch"}]},
            "actions[0].max_retries": {"actions": [{"type": "assertion", "max_retries": -1}]},
            "timestamp": {"actions": [], "timestamp": "2026-03-04T05:06:07"},
        }
        for field, value in wrong.items():
            with self.subTest(field=field):
                self.assertIn(field, str(self.assertRaises(RecordError, proposal_of, value)))

    def test_malformed(self) -> None:
        """Text that is no proposal is an error of the codec."""
        for text in ("{", "[1]", '"x"'):
            self.assertRaises(JsonError, parse_proposal, text)

    def test_properties(self) -> None:
        """The properties read what may be absent, null or of another action type."""
        unset = Action(type="tool_call")
        self.assertIsNone(unset.tool_name)
        self.assertIsNone(unset.timeout)
        self.assertEqual(Action(type="tool_call", timeout_ms=250).timeout, 0.25)
        self.assertIsNone(Action(type="state_read", parameters={"key": "k"}).written_key)
        self.assertIsNone(Action(type="state_write", parameters={"key": 7}).written_key)
        self.assertEqual(Action(type="state_write", parameters={"key": ""}).written_key, "")

    @settings(deadline=None, max_examples=100)
    @given(proposals())
    def test_round_trip(self, proposal: ActionProposal) -> None:
        """Parsing what was encoded gives the proposal."""
        self.assertEqual(parse_proposal(encode(proposal)), proposal)


class RecordTests(SynchronousTestCase):
    """The other records of the IR."""

    def test_tool_schema(self) -> None:
        """A bare name is a tool; a rate limit is whole or refused."""
        self.assertEqual(convert({"name": "t"}, ToolSchema), ToolSchema(name="t"))
        limited = {"name": "t", "rate_limit": {"max_calls": 1}}
        self.assertIn(
            "interval_secs", str(self.assertRaises(RecordError, convert, limited, ToolSchema))
        )

    def test_scope(self) -> None:
        """The scope of a run is spelt in camel case on the wire."""
        scope = convert({"callerId": "c", "tenantId": "t"}, RuntimeScope)
        self.assertEqual((scope.caller_id, scope.tenant_id), ("c", "t"))

    def test_result(self) -> None:
        """Members that do not apply are left out; a null output stays."""
        result = ActionResult(
            action_id="a",
            status="succeeded",
            output=None,
            state_changes={},
            duration_ms=1,
            timestamp="",
        )
        self.assertTrue(result.succeeded)
        self.assertIn("output", to_value(result))
        self.assertNotIn("error", to_value(result))
