"""Context assembly: what a model is given before it answers a query (memgine §4).

A pure function of the memory, the query, who asks, the instant and the budget.  What may be
shown at all is decided by ``Shown``; what is best, by retrieval; here is the order, the exact
text, and that all of it stays inside the budget.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from car.memgine.budget import CHARACTERS_PER_TOKEN, DEFAULT_TOKENS, allot
from car.memgine.conversation import Conversation
from car.memgine.dialogue.reader import DialogueReader
from car.memgine.facts import normal_text
from car.memgine.knowledge import Knowledge
from car.memgine.nodes import Node
from car.memgine.queries import SHARES, classify
from car.memgine.rows import DocKind
from car.memgine.shown import Asker, Shown
from car.memgine.skills.book import SkillBook

CONSTRAINTS_HEADING = "## ⚠️ Active Constraints (CHECK ALL)"
CANDIDATES = 400
"""How many facts and turns are ranked at most: more do not fit the usual budget."""

FAST_FACTS = 20
RECENT_TURNS = 6
"""The turns whose words say what the talk is about, and that a fast context shows."""

ENVIRONMENT_SHOWN = 5
SKILLS_SHOWN = 3
UNKNOWNS_SHOWN = 3

_USER, _ORGANISATION, _CAPABILITY = "usr", "org", "cap"
_ORGANISATIONAL = frozenset({"policy", "board", "system", "organization", "organisation", "org"})
_CAPABILITIES = frozenset({"capability", "tool", "skill"})


class Request(msgspec.Struct, frozen=True):
    """What a context is asked for: *at* in seconds since the epoch, *budget* in tokens."""

    query: str
    at: float
    budget: int = DEFAULT_TOKENS
    asker: Asker = Asker()
    fast: bool = False
    dense: Mapping[int, float] | None = None
    """Similarities of nodes to the query, where there are any."""


class Section(msgspec.Struct):
    """Lines under a heading, best first; how they are ordered when printed."""

    heading: str
    lines: list[str]
    order: list[int] | None = None
    """Printed by these, ascending; None prints the best last."""

    def size(self) -> int:
        """The characters of the whole section with the blank line before it."""
        return len(self.heading) + 2 + sum(len(line) + 1 for line in self.lines)

    def cut(self, room: int) -> None:
        """Keep the most important lines that fit *room* characters together."""
        size = len(self.heading) + 2
        kept = 0
        for line in self.lines:
            size += len(line) + 1
            if size > room:
                break
            kept += 1
        del self.lines[kept:]

    def text(self) -> str:
        """The section as it is printed; empty without lines."""
        if not self.lines:
            return ""
        if self.order is None:
            lines = self.lines[::-1]
        else:
            ranked = sorted(zip(self.order, self.lines, strict=False), key=lambda pair: pair[0])
            lines = [line for _, line in ranked]
        return "\n".join([self.heading, *lines])


class ContextBuilder:
    """Assembles contexts from one memory's parts."""

    def __init__(
        self,
        knowledge: Knowledge,
        conversation: Conversation,
        reader: DialogueReader,
        skills: SkillBook,
    ) -> None:
        self._knowledge = knowledge
        self._graph = knowledge.graph
        self._retriever = knowledge.retriever
        self._conversation = conversation
        self._reader = reader
        self._skills = skills
        self._terms = knowledge.index.tokeniser.terms

    def build(self, request: Request) -> str:
        """The context for *request*: sections joined by one blank line, empty ones left out.

        Identity and constraints are never cut; where they alone exceed the budget the
        first line says so and nothing else follows.
        """
        shown = Shown(self._knowledge, self._reader, request.query, request.asker, request.at)
        fixed = [self._identity(request.asker), self._constraints(shown)]
        room = request.budget * CHARACTERS_PER_TOKEN
        taken = sum(len(text) + 2 for text in fixed if text)
        if taken > room:
            warning = (
                f"⚠️ Identity and constraints alone exceed the budget of {request.budget} tokens."
            )
            return _joined([warning, *fixed])
        sections = self._sections(request, shown)
        _fit(sections, room - taken, request.query)
        return _joined([*fixed, *(section.text() for section in sections.values())])

    # ---- what is never cut -----------------------------------------------------------------

    def _identity(self, asker: Asker) -> str:
        named = (
            ("User", asker.name),
            ("Role", asker.role),
            ("Department", asker.department),
            ("Organization", asker.organization),
        )
        lines = [f"{name}: {value}" for name, value in named if value]
        return "\n".join(["## Identity", *lines]) if lines else ""

    def _constraints(self, shown: Shown) -> str:
        nodes = [self._graph.nodes[index] for index in sorted(self._knowledge.constraints)]
        lines = [f"⚠️ [{node.id}] {node.key}: {shown.text(node)}" for node in nodes if shown(node)]
        return "\n".join([CONSTRAINTS_HEADING, *lines]) if lines else ""

    # ---- the sections ------------------------------------------------------------------------

    def _sections(self, request: Request, shown: Shown) -> dict[str, Section]:
        """Every section that is shared out, in the order they are printed."""
        limit = FAST_FACTS if request.fast else CANDIDATES
        facts = self._facts(request, shown, limit)
        turns = self._turns(request, shown, RECENT_TURNS if request.fast else CANDIDATES)
        sections = {
            "facts": self._fact_section(facts, shown),
            "conversation": self._turn_section(turns, facts, shown),
            "environment": self._environment(shown),
        }
        if request.fast:
            return sections
        return {
            "skills": self._strategies(request),
            **sections,
            "unknowns": self._unknowns(request),
        }

    def _facts(self, request: Request, shown: Shown, limit: int) -> list[Node]:
        """The facts to print, best first: by the query, by the talk, then the newest.

        What says the same as one before it is left out.
        """
        found: dict[str, Node] = {}
        for node in self._fact_candidates(request, shown, limit):
            if node.is_constraint or not shown(node):
                continue
            found.setdefault(normal_text(f"{node.key}: {shown.text(node)}"), node)
            if len(found) == limit:
                break
        return list(found.values())

    def _fact_candidates(self, request: Request, shown: Shown, limit: int) -> Iterator[Node]:
        kinds = frozenset({DocKind.FACT, DocKind.CONCLUSION})
        for hit in self._retriever.search(
            request.query, limit, at=request.at, kinds=kinds, allowed=shown, dense=request.dense
        ):
            yield hit.node
        if not request.fast:
            talk = " ".join(shown.text(node) for node in self._newest_turns(shown, RECENT_TURNS))
            for node, _ in self._knowledge.similar(talk, limit):
                if node.kind in ("fact", "conclusion"):
                    yield node
        yield from self._knowledge.newest("fact", "conclusion")

    def _turns(self, request: Request, shown: Shown, limit: int) -> list[Node]:
        """The turns to print, best first: the latest, those the query finds, the rest."""
        found = {node.index: node for node in self._newest_turns(shown, RECENT_TURNS)}
        if not request.fast:
            kinds = frozenset({DocKind.TURN, DocKind.SUMMARY})
            for hit in self._retriever.search(
                request.query, limit, at=request.at, kinds=kinds, allowed=shown, dense=request.dense
            ):
                found.setdefault(hit.node.index, hit.node)
            for node in self._newest_turns(shown, limit):
                found.setdefault(node.index, node)
        return list(found.values())[:limit]

    def _newest_turns(self, shown: Shown, limit: int) -> Iterator[Node]:
        count = 0
        for node in self._knowledge.newest("conversation", "conversation_summary"):
            if shown(node):
                yield node
                count += 1
                if count == limit:
                    return

    def _fact_section(self, facts: Iterable[Node], shown: Shown) -> Section:
        lines = []
        for node in facts:
            line = f"- [{node.id}] [{_mark(node)}] {node.key}: {shown.text(node)}"
            lines.append("\n".join([line, *self._repairs(node)]))
        return Section("## Current Facts", lines)

    def _repairs(self, node: Node) -> list[str]:
        """The lines under a fact that corrected another: what is to be worked out anew."""
        lines = []
        for edge in self._graph.edges_from(node.index):
            if edge.kind != "Supersedes":
                continue
            for user in self._graph.edges_to(edge.target):
                above = self._graph.nodes[user.source]
                if user.kind in ("DependsOn", "CitesPremise") and (
                    above.needs_review or above.retirement == "invalidated"
                ):
                    lines.append(f"  ⚠️ RECALCULATE [{above.id or above.index}]: {above.key}")
        return lines

    def _turn_section(self, turns: list[Node], facts: list[Node], shown: Shown) -> Section:
        """The turns in the order they were said, without those that only repeat a fact."""
        said = [
            frozenset(self._terms(f"{node.key} {shown.text(node)}")) for node in facts[:CANDIDATES]
        ]
        lines: list[str] = []
        order: list[int] = []
        for node in turns:
            words = frozenset(self._terms(shown.text(node)))
            if any(words <= fact for fact in said):
                continue
            lines.append(f"{node.key}: {shown.text(node)}")
            order.append(node.index)
        return Section("## Conversation\n### Recent", lines, order)

    def _environment(self, shown: Shown) -> Section:
        nodes = [node for node in self._knowledge.signals() if shown(node)]
        nodes.sort(key=lambda node: (-node.created_at, -node.index))
        lines = [f"- {node.key}: {shown.text(node)}" for node in nodes[:ENVIRONMENT_SHOWN]]
        return Section("## Environment", lines, list(range(len(lines))))

    def _strategies(self, request: Request) -> Section:
        lines = []
        for skill in self._skills.for_query(request.query, SKILLS_SHOWN):
            apply = f" | Apply: {skill.when_to_apply}" if skill.when_to_apply else ""
            lines.append(f"- **{skill.name}**: {skill.description}{apply}")
        return Section("## General Strategies", lines, list(range(len(lines))))

    def _unknowns(self, request: Request) -> Section:
        """The newest open questions that have to do with the query."""
        words = set(self._terms(request.query))
        open_questions = [
            text
            for text in reversed(self._conversation.unknowns())
            if words.intersection(self._terms(text))
        ]
        lines = [f"- {text}" for text in open_questions[:UNKNOWNS_SHOWN]]
        return Section("## Known Unknowns", lines)


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _mark(node: Node) -> str:
    if node.authority in _ORGANISATIONAL or node.source in _ORGANISATIONAL:
        return _ORGANISATION
    if node.label in _CAPABILITIES or node.source in _CAPABILITIES:
        return _CAPABILITY
    return _USER


def _fit(sections: dict[str, Section], room: int, query: str) -> None:
    """Cut *sections* to *room* characters by the shares of the query's class.

    The best fact is kept if it fits at all, whatever its section's share.
    """
    shares = {"skills": 0.05, "unknowns": 0.05, **SHARES[classify(query)]}
    demands = {name: section.size() if section.lines else 0 for name, section in sections.items()}
    facts = sections["facts"]
    first = len(facts.heading) + 3 + len(facts.lines[0]) if facts.lines else 0
    granted = allot(room, demands, shares)
    if granted["facts"] < first <= room:
        granted = {**allot(room - first, {**demands, "facts": 0}, shares), "facts": first}
    for name, section in sections.items():
        section.cut(granted[name])
