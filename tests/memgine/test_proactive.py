"""Tests of car.memgine.proactive, with its bank, interventions and evaluation."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.bank import REMINDER_HEAD
from car.memgine.errors import InvalidFact
from car.memgine.evaluation import Case
from car.memgine.interchange import dump, load
from car.memgine.intervention import Inject, Silent, Situation, Trigger
from car.memgine.lessons import RecentEvent
from car.memgine.memgine import Memgine
from car.memgine.proactive import NewEntry, ProactiveMemory, Status
from car.memgine.utility import Utility
from tests.memgine.doubles import NOON, given_fact


class ProactiveCase(SynchronousTestCase):
    """A memory with proactive memory over it."""

    def setUp(self) -> None:
        """Both are empty."""
        self.memory = Memgine()
        self.proactive = ProactiveMemory(self.memory)

    def know(self, subject: str, body: str, tenant_id: str | None = None) -> str:
        """Save knowledge; answers its id."""
        entry = NewEntry(subject, body)
        return self.proactive.save_knowledge(entry, NOON, tenant_id=tenant_id).id

    def ask(self, query: str, tenant_id: str | None = None, **more: object) -> Inject | Silent:
        """Whether memory has something to say to *query*."""
        situation = msgspec.convert({"query": query, **more}, Situation)
        return self.proactive.intervene(situation, NOON, tenant_id=tenant_id)


class SaveTests(ProactiveCase):
    """save_knowledge, save_procedural, delete."""

    def test_saved(self) -> None:
        """A fact is saved as what it is, and counted."""
        saved = self.proactive.save_procedural(
            NewEntry("release", "tag first", id="r", tags=["ops"], confidence="high"), NOON
        )
        self.assertEqual(
            msgspec.to_builtins(saved), {"id": "r", "kind": "procedural", "fact_count": 1}
        )
        node = self.memory.graph.by_id("r")
        assert node is not None
        self.assertEqual((node.label, node.tags, node.confidence), ("procedural", ("ops",), "high"))

    def test_repeated_id(self) -> None:
        """A second fact under an id gets the next one."""
        first = NewEntry("a", "one", id="k")
        self.proactive.save_knowledge(first, NOON)
        self.assertEqual(
            self.proactive.save_knowledge(NewEntry("a", "two", id="k"), NOON).id, "k-2"
        )

    def test_constraint(self) -> None:
        """A constraint stands among the constraints and is still knowledge."""
        self.proactive.save_knowledge(NewEntry("a", "one", id="k", is_constraint=True), NOON)
        self.assertIn("[k] a: one", self.memory.build_context("a", NOON).splitlines()[1])
        self.assertEqual(self.proactive.delete("k", NOON).kind, "knowledge")

    def test_no_subject(self) -> None:
        """A fact needs a subject."""
        self.assertRaises(InvalidFact, self.proactive.save_knowledge, NewEntry(" ", "x"), NOON)

    def test_deleted(self) -> None:
        """Deleting tells what was there; what is not there is no error, and no subject is."""
        id = self.know("release", "tag first")
        self.assertEqual(
            msgspec.to_builtins(self.proactive.delete("release", NOON)),
            {"id": "release", "deleted": False, "kind": None, "fact_count": 1},
        )
        self.assertEqual(
            msgspec.to_builtins(self.proactive.delete(id, NOON)),
            {"id": id, "deleted": True, "kind": "knowledge", "fact_count": 0},
        )


class StatusTests(ProactiveCase):
    """update_status."""

    def test_replaced(self) -> None:
        """There is one status a tenant, the last one."""
        self.proactive.update_status("building", NOON)
        self.proactive.update_status("testing", NOON)
        self.proactive.update_status("waiting", NOON, tenant_id="acme")
        self.assertEqual(self.memory.fact_count, 2)
        for id, body in (
            ("proactive-status:global", "testing"),
            ("proactive-status:acme", "waiting"),
        ):
            node = self.memory.graph.by_id(id)
            self.assertEqual(None if node is None else node.value, body)

    def test_answer(self) -> None:
        """The answer has a tenant where there is one."""
        status = self.proactive.update_status("building", NOON)
        self.assertEqual(
            msgspec.to_builtins(status), {"id": "proactive-status:global", "body": "building"}
        )
        self.assertEqual(
            self.proactive.update_status("x", NOON, tenant_id="t"),
            Status("proactive-status:t", "x", "t"),
        )

    def test_same_again(self) -> None:
        """The same status again changes nothing."""
        memory = Memgine(tracked=True)
        ProactiveMemory(memory).update_status("building", NOON)
        memory.drain()
        ProactiveMemory(memory).update_status("building", NOON + 1)
        self.assertEqual(memory.drain(), [])

    def test_empty(self) -> None:
        """A status needs some text."""
        self.assertRaises(InvalidFact, self.proactive.update_status, " ", NOON)


class MaintainTests(ProactiveCase):
    """maintain."""

    EVENTS = (
        RecentEvent("action_failed", "deploy", False, "not signed in"),
        RecentEvent("action_failed", "deploy", False, "not signed in"),
        RecentEvent("action_succeeded", "login", True),
        RecentEvent("action_succeeded", "deploy", True),
    )

    def test_learnt(self) -> None:
        """Lessons become facts, the status is brought up to date."""
        done = self.proactive.maintain(self.EVENTS, NOON)
        self.assertEqual((done.trigger, len(done.saved)), ("recovery", 2))
        self.assertEqual(self.memory.fact_count, 3)
        status = self.memory.graph.by_id("proactive-status:global")
        assert status is not None and done.status is not None
        self.assertEqual(done.status.body, status.value)

    def test_twice(self) -> None:
        """The same events again change nothing."""
        first = self.proactive.maintain(self.EVENTS, NOON)
        before = list(self.memory.graph.rows())
        again = self.proactive.maintain(self.EVENTS, NOON + 9)
        self.assertEqual((again.saved, again.skipped_existing), ([], first.saved))
        self.assertEqual(list(self.memory.graph.rows()), before)

    def test_no_events(self) -> None:
        """Nothing happened: nothing is learnt and no status is made up."""
        done = self.proactive.maintain([], NOON)
        self.assertEqual(
            msgspec.to_builtins(done), {"trigger": "none", "saved": [], "skipped_existing": []}
        )

    def test_max_recent(self) -> None:
        """Only the last events are looked at; of none, none."""
        self.assertEqual(self.proactive.maintain(self.EVENTS, NOON, max_recent=2).saved, [])
        self.assertEqual(self.proactive.maintain(self.EVENTS, NOON, max_recent=0).status, None)

    def test_recalled(self) -> None:
        """What was recalled is not learnt again when a tool echoes it."""
        self.know("deploy", "sign in with the hardware key first")
        decision = self.ask("how do I deploy")
        assert isinstance(decision, Inject)
        for text in (decision.reminder, "E: Sign in with the hardware key first!"):
            echo = RecentEvent("action_failed", "say", False, text)
            self.assertEqual(self.proactive.maintain([echo, echo], NOON).saved, [])

    def test_tenants(self) -> None:
        """Each tenant learns for itself."""
        self.proactive.maintain(self.EVENTS, NOON, tenant_id="a")
        self.assertEqual(len(self.proactive.maintain(self.EVENTS, NOON, tenant_id="b").saved), 2)
        self.assertIsInstance(self.ask("deploy not signed in", tenant_id="a"), Inject)
        self.assertIsInstance(self.ask("deploy not signed in"), Silent)


class InterveneTests(ProactiveCase):
    """intervene."""

    def setUp(self) -> None:
        """A bank with a few facts."""
        super().setUp()
        self.deploy = self.know("deploy", "sign in with the hardware key first")
        self.know("coffee", "the machine on the third floor is the good one")
        given_fact(self.memory, "ci", "runs on pushes to main", id="ci")

    def reason(self, decision: Inject | Silent) -> str:
        """Why nothing was said."""
        assert isinstance(decision, Silent)
        return decision.reason

    def test_inject(self) -> None:
        """What has to do with the question is said, named and marked as recalled."""
        decision = self.ask("how do I deploy")
        assert isinstance(decision, Inject)
        self.assertEqual(decision.selected, [self.deploy])
        self.assertEqual(
            decision.reminder,
            f"{REMINDER_HEAD}\n- [{self.deploy}] deploy: sign in with the hardware key first",
        )
        self.assertEqual(decision.bank, 3)

    def test_wire(self) -> None:
        """The records have the names of the wire."""
        self.assertEqual(
            list(msgspec.to_builtins(self.ask("how do I deploy"))),
            ["decision", "reminder", "selected", "candidates", "bank"],
        )
        silent = msgspec.to_builtins(self.ask("quantum chromodynamics"))
        self.assertEqual(
            silent,
            {"decision": "silent", "reason": "nothing_relevant", "candidates": [], "bank": 3},
        )

    def test_silence(self) -> None:
        """Silence has a reason."""
        self.assertEqual(self.reason(self.ask("")), "nothing_asked")
        self.assertEqual(
            self.reason(self.ask("deploy: sign in with the hardware key first")), "already_in_view"
        )
        self.assertEqual(
            self.reason(self.ask("please draw a blue whale that will deploy parachutes at dawn")),
            "not_enough",
        )
        empty = ProactiveMemory(Memgine()).intervene(Situation("deploy"), NOON)
        self.assertEqual(self.reason(empty), "empty_bank")

    def test_trouble(self) -> None:
        """Signs of trouble lower what is enough; force does away with it."""
        vague = "please draw a blue whale that can deploy"
        self.assertIsInstance(self.ask(vague), Silent)
        trouble = {"repeated_failures": 3, "high_risk_action": True}
        self.assertIsInstance(self.ask(vague, trigger=trouble), Inject)
        self.assertIsInstance(self.ask(vague, force=True), Inject)

    def test_tool_error(self) -> None:
        """An error's text is a question of its own."""
        decision = self.ask("", trigger={"tool_error": "deploy refused"})
        assert isinstance(decision, Inject)
        self.assertEqual(decision.selected, [self.deploy])

    def test_recent(self) -> None:
        """The last messages are read, and what they say already is not said again."""
        self.assertIsInstance(self.ask("", recent=["let us deploy"]), Inject)
        said = ["You should sign in with the hardware key first.", "let us deploy"]
        self.assertEqual(self.reason(self.ask("", recent=said)), "already_in_view")

    def test_candidates(self) -> None:
        """At most so many candidates are looked at, and never more than 32."""
        for number in range(40):
            self.know(f"deploy {number}", f"step {number} of the rollout")
        self.assertEqual(len(self.ask("deploy", max_candidates=2).candidates), 2)
        self.assertEqual(len(self.ask("deploy", max_candidates=99).candidates), 32)
        self.assertEqual(len(self.ask("deploy", max_candidates=0).candidates), 1)

    def test_tenants(self) -> None:
        """A tenant's facts are for it alone, in contexts too; everybody's are for all."""
        self.know("vault", "opens at nine", tenant_id="acme")
        self.assertIsInstance(self.ask("when does the vault open", tenant_id="acme"), Inject)
        self.assertIsInstance(self.ask("when does the vault open", tenant_id="other"), Silent)
        self.assertIsInstance(self.ask("when does the vault open"), Silent)
        self.assertIsInstance(self.ask("how do I deploy", tenant_id="acme"), Inject)
        again = load(dump(self.memory))
        for memory in (self.memory, again):
            self.assertNotIn("nine", memory.build_context("what if the vault opens", NOON))
            self.assertEqual(memory.query("vault opens at nine", 5, NOON), [])

    def test_experience(self) -> None:
        """What was recalled in vain time and again is recalled no more, until told again."""
        self.proactive.utility_set(utility_weight=1.0, utility_exploration=0.0)
        outcomes = [isinstance(self.ask("how do I deploy"), Inject) for _ in range(3)]
        self.assertEqual(outcomes, [True, False, False])
        self.know("deploy", "sign in with the hardware key first")
        self.know("deploy", "sign in with the hardware key first")
        self.assertIsInstance(self.ask("how do I deploy"), Inject)

    @settings(deadline=None, max_examples=50)
    @given(
        st.lists(st.sampled_from(("deploy", "coffee", "ci", "whale", "main", ".")), max_size=5),
        st.builds(
            Trigger,
            repeated_failures=st.integers(-2, 9) | st.booleans(),
            tool_error=st.booleans() | st.sampled_from(("", "ci broke")),
            high_risk_action=st.booleans(),
        ),
        st.booleans(),
    )
    def test_bounds(self, words: list[str], trigger: Trigger, force: bool) -> None:
        """Whatever is asked: scores from 0 to 1, best first, and only candidates selected."""
        situation = Situation(" ".join(words), (), trigger, force)
        decision = self.proactive.intervene(situation, NOON)
        scores = [candidate.score for candidate in decision.candidates]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertTrue(all(0 < score <= 1 for score in scores))
        if isinstance(decision, Inject):
            ids = {candidate.id for candidate in decision.candidates}
            self.assertTrue(ids.issuperset(decision.selected))


class EvaluateTests(ProactiveCase):
    """evaluate."""

    def setUp(self) -> None:
        """A bank of three facts, and cases with and without need of them."""
        super().setUp()
        self.deploy = self.know("deploy", "sign in with the hardware key first")
        self.know("coffee", "the machine on the third floor is the good one")
        self.know("ci", "runs on pushes to main")
        self.cases = [
            Case("1", "how do I deploy", [self.deploy]),
            Case("2", "please paint the machine room blue like a whale under water", []),
            Case("3", "quantum chromodynamics", []),
            Case("4", "where is the archive", ["gone"]),
        ]

    def test_ways(self) -> None:
        """The selective way speaks when it helps; the others always, on any hit, or never."""
        found = self.proactive.evaluate(self.cases, NOON)
        self.assertEqual(found.cases, 4)
        selective, always = found.selective, found.always_inject
        self.assertEqual((selective.interventions, selective.true_positives), (1, 1))
        self.assertEqual((selective.precision, selective.recall), (1.0, 0.5))
        self.assertEqual((always.interventions, always.false_positives), (4, 3))
        self.assertEqual(always.interruption_rate, 1.0)
        self.assertEqual(found.passive_retrieval.interventions, 2)
        self.assertEqual(found.no_memory.interventions, 0)
        self.assertEqual(found.no_memory.false_negatives, 2)

    def test_no_cases(self) -> None:
        """Without cases every measure is 0."""
        found = msgspec.to_builtins(self.proactive.evaluate([], NOON))
        self.assertEqual(found.pop("cases"), 0)
        for measures in found.values():
            self.assertEqual(set(measures.values()), {0})

    def test_changes_nothing(self) -> None:
        """Evaluating twice gives the same, and leaves the memory as it was."""
        before = list(self.memory.graph.rows())
        first = self.proactive.evaluate(self.cases, NOON)
        self.assertEqual(self.proactive.evaluate(self.cases, NOON), first)
        self.assertEqual(list(self.memory.graph.rows()), before)


class UtilityTests(ProactiveCase):
    """utility_get and utility_set."""

    def test_kept(self) -> None:
        """The weights are kept with the memory."""
        self.proactive.utility_set(utility_weight=9.0)
        self.assertEqual(self.proactive.utility_get(), Utility(1.0, 1.0))
        again = ProactiveMemory(load(dump(self.memory)))
        self.assertIsInstance(again.utility_get(), Utility)
