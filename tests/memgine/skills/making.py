"""Skills for tests, and strategies that make them up."""

from typing import Any

from hypothesis import strategies as st

from car.memgine.graph import Graph
from car.memgine.skills.book import SkillBook
from car.memgine.skills.records import DistilledSkill, Domain, Skill, TraceEvent, Trigger
from tests.ir.strategies import TEXTS

AT = 1_772_600_000.0

TRIGGERS = st.builds(Trigger, TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
NAMES = st.text("abcdé \"'\\\x7f\n+`", min_size=1, max_size=8)
SKILLS = st.builds(
    Skill,
    name=NAMES,
    code=TEXTS | st.text("`\n a~", max_size=30),
    description=TEXTS,
    platform=TEXTS,
    scope=st.just("global") | st.builds(Domain, NAMES),
    trigger=TRIGGERS,
    when_to_apply=TEXTS,
)


def book() -> SkillBook:
    """A book without skills."""
    return SkillBook(Graph())


def skill(name: str = "login", code: str = "fill()", **members: Any) -> Skill:
    """A skill that persona, URL and task words can find."""
    members.setdefault("trigger", Trigger("shopper", "https://shop.test/*", ["log", "in"]))
    members.setdefault("description", "sign in to the shop")
    return Skill(name=name, code=code, **members)


def distilled(name: str = "login", code: str = "fill()", **members: Any) -> DistilledSkill:
    """A skill as a client hands it in."""
    return DistilledSkill(name=name, code=code, **members)


def trace(tools: str) -> list[TraceEvent]:
    """Successful calls of one-letter tools; ``!`` is a failure."""
    return [
        TraceEvent(kind="action_failed", tool="x")
        if tool == "!"
        else TraceEvent(kind="action_succeeded", tool=tool, action_id=f"a{number}")
        for number, tool in enumerate(tools)
    ]
