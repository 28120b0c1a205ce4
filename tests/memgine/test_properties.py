"""Properties of a memory as a whole, over random histories."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.budget import CHARACTERS_PER_TOKEN
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from tests.memgine.doubles import NOON
from tests.memgine.histories import SUBJECTS, Event, happen, histories, lived

QUERIES = ("what is the budget?", "who owns the launch", "when is it due", "")
LATER = NOON + 1_000


def rows_of(memory: Memgine) -> dict[str, bytes]:
    """The rows of *memory* by their key."""
    return {row.key: row.value for row in memory.graph.rows() if row.value is not None}


def answers(memory: Memgine) -> list[object]:
    """What *memory* says to a few questions."""
    return [
        (
            [(hit.node.index, hit.score) for hit in memory.query(query, 8, LATER)],
            memory.build_context(query, LATER),
            memory.build_context(query, LATER, fast=True, budget=200),
        )
        for query in QUERIES
    ]


class RebuildTests(SynchronousTestCase):
    """A memory that is kept as rows and comes back."""

    @settings(deadline=None, max_examples=60)
    @given(histories())
    def test_rebuilt(self, history: list[Event]) -> None:
        """One rebuilt from its rows has the same rows and gives the same answers."""
        memory = lived(history)
        memory.knowledge.settle(LATER)
        rebuilt = Memgine.from_rows(rows_of(memory).items())
        self.assertEqual(rows_of(rebuilt), rows_of(memory))
        rebuilt.knowledge.settle(LATER)
        self.assertEqual(rebuilt.fact_count, memory.fact_count)
        self.assertEqual(answers(rebuilt), answers(memory))

    @settings(deadline=None, max_examples=60)
    @given(histories(), st.integers(1, 7))
    def test_drained(self, history: list[Event], step: int) -> None:
        """Changes drained now and then and folded together are the rows of the graph."""
        memory = Memgine(tracked=True)
        kept: dict[str, bytes] = {}
        for second, event in enumerate(history):
            happen(memory, event, NOON + second)
            if second % step == 0:
                fold(kept, memory)
        fold(kept, memory)
        self.assertEqual({**kept, "m#next": b""}, {**rows_of(memory), "m#next": b""})
        self.assertEqual(memory.drain(), [])


def fold(kept: dict[str, bytes], memory: Memgine) -> None:
    """Carry the changes of *memory* out on *kept*."""
    for change in memory.drain():
        if change.value is None:
            kept.pop(change.key, None)
        else:
            kept[change.key] = change.value


class ContextTests(SynchronousTestCase):
    """Contexts of random stores."""

    @settings(deadline=None, max_examples=60)
    @given(histories(), st.sampled_from(QUERIES), st.integers(1, 600), st.booleans())
    def test_budget(self, history: list[Event], query: str, budget: int, fast: bool) -> None:
        """A context is the same each time, and inside the budget or says why it is not."""
        memory = lived(history)
        context = memory.build_context(query, LATER, budget=budget, fast=fast)
        again = memory.build_context(query, LATER, budget=budget, fast=fast)
        self.assertEqual(context, again)
        if len(context) > CHARACTERS_PER_TOKEN * budget:
            self.assertIn("exceed the budget", context.splitlines()[0])

    @settings(deadline=None, max_examples=30)
    @given(histories())
    def test_twins(self, history: list[Event]) -> None:
        """Two memories with one history give the same answers."""
        self.assertEqual(answers(lived(history)), answers(lived(history)))


@dataclass
class ModelFact:
    """A fact as the rules of supersession see it, and nothing else."""

    subject: str
    supersedes: list[int] = field(default_factory=list)
    retracted: bool = False
    deleted: bool = False


class Model:
    """Supersession in its plainest form: a fact holds unless one that was not taken back,
    or that was itself replaced by such a one, stands in its place."""

    def __init__(self) -> None:
        self.facts: list[ModelFact] = []

    def replaced(self, index: int) -> bool:
        """Whether something stands in the place of the fact."""
        return any(
            index in above.supersedes and (not above.retracted or self.replaced(number))
            for number, above in enumerate(self.facts)
            if not above.deleted
        )

    def holds(self, index: int) -> bool:
        """Whether the fact holds."""
        fact = self.facts[index]
        return not fact.deleted and not fact.retracted and not self.replaced(index)


class SupersessionTests(SynchronousTestCase):
    """Facts that replace one another and are taken back.

    Only what holds is replaced, and only what nothing has replaced is deleted.
    """

    @settings(deadline=None, max_examples=150)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("add", "supersede", "retract", "delete")), st.integers(0, 12)
            ),
            max_size=18,
        )
    )
    def test_model(self, moves: list[tuple[str, int]]) -> None:
        """After any moves the facts that hold are those of the model."""
        memory, model = Memgine(), Model()
        for number, (move, choice) in enumerate(moves):
            there = [i for i, fact in enumerate(model.facts) if not fact.deleted]
            if move == "supersede":
                there = [i for i in there if model.holds(i)]
            elif move == "delete":
                there = [i for i in there if not model.replaced(i)]
            target = there[choice % len(there)] if there else None
            if move == "add" or (move == "supersede" and target is None):
                self._add(memory, model, number, None)
            elif target is None:
                continue
            elif move == "supersede":
                self._add(memory, model, number, target)
            elif move == "retract":
                memory.retract(f"f{target}", NOON + number)
                model.facts[target].retracted = True
            else:
                memory.delete(f"f{target}", NOON + number)
                model.facts[target].retracted = model.facts[target].deleted = True
        expected = {f"f{i}" for i in range(len(model.facts)) if model.holds(i)}
        found = {node.id for node in memory.graph.of_kind("fact") if node.live}
        self.assertEqual(found, expected)
        self.assertEqual(memory.fact_count, len(expected))

    def _add(self, memory: Memgine, model: Model, number: int, target: int | None) -> None:
        subject = SUBJECTS[number % len(SUBJECTS)]
        name = f"f{len(model.facts)}"
        supersedes = None if target is None else f"f{target}"
        memory.add_fact(
            NewFact(subject=subject, body=f"entry {name}", id=name, supersedes=supersedes),
            NOON + number,
        )
        model.facts.append(ModelFact(subject, [] if target is None else [target]))
