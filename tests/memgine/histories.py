"""Random histories of a memory: what may happen to one, as data, and how it is carried out."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from hypothesis import strategies as st

from car.memgine.errors import MemoryFault
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from car.memgine.skills.records import Skill
from tests.memgine.doubles import NOON

Value = TypeVar("Value")
Event = Callable[[Memgine, float], object]
"""One thing that happens to a memory at an instant."""

SUBJECTS = ("budget", "deadline", "venue", "owner of the launch")
BODIES = (
    "The budget is $5,000",
    "The budget is $7,500.",
    "due on Friday",
    "due on March 3",
    "the Grand Hall in Basel",
    "Mira leads it",
    "über die Brücke, naïvely; 数字 42",
    "[Restricted: directors only] the salary band is B4",
    "",
)
SAID = (
    "We meet on Friday at 10.",
    "Actually, make it Monday instead.",
    "What if we doubled the budget?",
    "Who owns the launch?",
    "Mira does, as far as I know.",
    "ok thanks",
    "We meet on Friday at 10. The budget is $5,000. Ben brings the cake.",
    "We moved the meeting to Monday at 10.",
    "The budget is now $9,000.",
    "haha",
    "Scratch that, the venue is the library.",
    "By the way, did the printer get fixed?",
    "Back to the launch: the deadline stays.",
)
AUTHORITIES = ("peer", "manager", "policy")


def facts() -> st.SearchStrategy[NewFact]:
    """Facts of few subjects and bodies, so that they meet."""
    return st.builds(
        NewFact,
        subject=st.sampled_from(SUBJECTS),
        body=st.sampled_from(BODIES),
        kind=st.sampled_from(("pattern", "constraint", "knowledge")),
        supersedes=seldom(names(), None),
        depends_on=seldom(st.lists(names(), min_size=1, max_size=2), []),
        scope=st.sampled_from(("global", "team")),
        authority=st.sampled_from(AUTHORITIES),
        confidence=st.none() | st.sampled_from(("high", 0.25)),
        tags=st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
        expires_at=st.none() | st.sampled_from((NOON + 5, NOON + 1e6)),
        valid=st.sampled_from((True, True, True, False)),
    )


def seldom(
    values: st.SearchStrategy[Value], usual: Value | None
) -> st.SearchStrategy[Value | None]:
    """*usual*, and now and then one of *values*."""
    return st.integers(0, 3).flatmap(lambda roll: values if roll == 0 else st.just(usual))


def names() -> st.SearchStrategy[str]:
    """Ids and subjects of facts that may be there."""
    return st.sampled_from((*SUBJECTS, *(f"ws-{number}" for number in range(6))))


def events() -> st.SearchStrategy[Event]:
    """Anything that may happen to a memory."""
    return st.one_of(
        facts().map(_added),
        facts().map(_added),
        facts().map(_added),
        facts().map(_added),
        st.builds(_said, st.sampled_from(("Ana", "Ben", "assistant")), st.sampled_from(SAID)),
        names().map(_retracted),
        names().map(_deleted),
        st.builds(_signalled, st.sampled_from(("weather", "load")), st.sampled_from("123")),
        st.builds(_concluded, st.sampled_from(SUBJECTS), st.lists(names(), max_size=2)),
        st.builds(_trained, st.sampled_from(("login", "search"))),
    )


def histories(most: int = 30) -> st.SearchStrategy[list[Event]]:
    """Some events, up to *most*."""
    return st.lists(events(), min_size=most // 3, max_size=most)


def lived(history: Sequence[Event], *, tracked: bool = False) -> Memgine:
    """A memory that has been through *history*, an event a second."""
    memory = Memgine(tracked=tracked)
    for second, event in enumerate(history):
        happen(memory, event, NOON + second)
    return memory


def happen(memory: Memgine, event: Event, at: float) -> None:
    """Let *event* happen; one that names what is not there does not."""
    with suppress(MemoryFault):
        event(memory, at)


def _added(fact: NewFact) -> Event:
    return lambda memory, at: memory.add_fact(fact, at)


def _said(speaker: str, text: str) -> Event:
    return lambda memory, at: memory.ingest_conversation(speaker, text, at)


def _retracted(name: str) -> Event:
    return lambda memory, at: memory.retract(name, at)


def _deleted(name: str) -> Event:
    return lambda memory, at: memory.delete(name, at)


def _signalled(key: str, value: str) -> Event:
    return lambda memory, at: memory.set_environment(key, value, at)


def _concluded(subject: str, premises: list[str]) -> Event:
    return lambda memory, at: memory.add_conclusion(subject, "so it seems", premises, at)


def _trained(name: str) -> Event:
    return lambda memory, at: memory.skills.ingest(Skill(name=name, code=f"{name}()"), at=at)
