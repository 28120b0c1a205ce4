"""Tests of the distiller."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode
from car.memgine.skills.distilling import MAX_EVENTS, distill
from car.memgine.skills.records import Domain, TraceEvent
from tests.memgine.skills.making import trace


def names(tools: str) -> list[str]:
    """The names of what is distilled from a trace of one-letter tools."""
    return [skill.name for skill in distill(trace(tools))]


class SequenceTests(SynchronousTestCase):
    """Which sequences become skills."""

    def test_repeated(self) -> None:
        """A sequence that succeeded twice is a skill; once is not enough."""
        self.assertEqual(names("abab"), ["a-b"])
        self.assertEqual(names("ab"), [])
        self.assertEqual(names(""), [])

    def test_longest_cover(self) -> None:
        """The sequence that covers most of the trace wins, and its parts are not told again."""
        self.assertEqual(names("abcabcabc"), ["a-b-c"])
        self.assertEqual(names("abababab"), ["a-b"])

    def test_one_tool(self) -> None:
        """The same call again and again is no sequence."""
        self.assertEqual(names("aaaaaa"), [])

    def test_failure_between(self) -> None:
        """A failure ends a sequence."""
        self.assertEqual(names("a!ba!b"), [])
        self.assertEqual(names("ab!ab"), ["a-b"])

    def test_other_events(self) -> None:
        """So does any other event, and a success that was punished."""
        punished = TraceEvent(kind="action_succeeded", tool="a", reward=-1.0)
        (a, b) = trace("ab")
        self.assertEqual(distill([punished, b, punished, b]), [])
        received = TraceEvent(kind="proposal_received")
        self.assertEqual(distill([a, received, b, a, received, b]), [])

    def test_several(self) -> None:
        """Several skills come of one trace, what covers most first."""
        self.assertEqual(names("xy!xy!abc!abc!q"), ["a-b-c", "x-y"])

    def test_newest(self) -> None:
        """Of a trace that is too long the end is looked at."""
        self.assertEqual(names("abab" + "!" * MAX_EVENTS), [])

    @given(st.text("abc!", max_size=60))
    def test_sound(self, tools: str) -> None:
        """Every skill's tools stand in the trace twice, and no event in two skills."""
        seen: list[str] = []
        for skill in distill(trace(tools)):
            self.assertGreaterEqual(tools.count(skill.name.replace("-", "")), 2)
            seen += skill.source_event_ids or []
        self.assertEqual(len(seen), len(set(seen)))


class SkillTests(SynchronousTestCase):
    """What a distilled skill is made of."""

    def events(self) -> list[TraceEvent]:
        return [
            TraceEvent(
                kind="action_succeeded",
                id=f"e{number}{tool}",
                data={"tool": tool, "parameters": {"q": number, "deep": True, **extra}},
            )
            for number in range(2)
            for tool, extra in (("web_search", {}), ("save", {f"only{number}": 1}))
        ]

    def test_code(self) -> None:
        """The code has the tools in order: equal values as they were, others as placeholders."""
        (skill,) = distill(self.events())
        self.assertEqual(
            decode(skill.code),
            [
                {"tool": "web_search", "parameters": {"q": "<q>", "deep": True}},
                {"tool": "save", "parameters": {"q": "<q>", "deep": True}},
            ],
        )

    def test_members(self) -> None:
        """It says where it came from, and what words call for it."""
        (skill,) = distill(self.events())
        self.assertEqual(skill.name, "web_search-save")
        self.assertEqual(
            (skill.platform, skill.source, skill.scope), ("distilled", "success", "global")
        )
        assert skill.trigger is not None
        self.assertEqual(skill.trigger.task_keywords, ["web", "search", "save"])
        self.assertEqual(
            skill.source_event_ids, ["e0web_search", "e0save", "e1web_search", "e1save"]
        )

    def test_domain(self) -> None:
        """A domain is the scope, and keeps names of domains apart."""
        (skill,) = distill(self.events(), "shop")
        self.assertEqual((skill.name, skill.scope), ("shop/web_search-save", Domain("shop")))

    def test_deterministic(self) -> None:
        """The same trace gives the same skills."""
        self.assertEqual(distill(self.events()), distill(self.events()))
