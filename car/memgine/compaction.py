"""Compaction: a long conversation made shorter, without a model (memgine §3).

Small talk goes, what one speaker said in a row becomes one summary, and long turns keep
their beginning and end.  The last turns stay as they are; so does every turn that is dead or
that something else refers to.  How often and in what slices is left to ``consolidation``.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from car.memgine.dialogue.clauses import sentences
from car.memgine.graph import Graph
from car.memgine.knowledge import Knowledge
from car.memgine.nodes import TURN_KINDS, Node

COMPACTED_ABOVE = 100
"""The turns a conversation may have before it is compacted (memgine §3)."""

KEPT_TURNS = 6
"""The last turns, which stay as they are (memgine §3)."""

LONG_TURN = 500
"""Characters above which a turn keeps two sentences at either end (memgine §3)."""

LARGEST_SUMMARY = 2_000
"""Characters that a summary is not filled beyond: it has to fit a context as one line."""

LOOK = 1
"""What looking at a node costs: the unit in which slices of work are measured."""

CHANGE = 50
"""What changing or removing a node costs, in looks: its words leave and enter the index."""

_ENDS = 2
_READ_AT_AN_END = 2_000

Absorbed = Callable[[Node, Sequence[int]], None]
"""Told that a turn now speaks for itself and for those, which are gone."""


def is_small_talk(text: str, asked: bool) -> bool:
    """Whether *text* only greets, laughs or acknowledges.

    After a question of somebody else (*asked*) an acknowledgement is an answer.
    """
    words = " ".join(_WORD.findall(_ADDRESSED.sub(r"\1", text).casefold()))
    if not words:
        return not any(character.isalnum() for character in text)
    return _GREETING.fullmatch(words) is not None or (
        not asked and _ACKNOWLEDGEMENT.fullmatch(words) is not None
    )


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ADDRESSED = re.compile(
    r"^(\W*(?i:hi|hello|hey|hiya|bye|goodbye|thanks|thank you|cheers|welcome(?: back)?"
    r"|good (?:morning|afternoon|evening|night)))[,\s]+[A-Z]\w+(?=\W*$)"
)
_NAMED = r"(?: (?:all|everyone|everybody|team|folks|guys|there|both|again))?"
_GREETING = re.compile(
    rf"(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|night)|(?:good)?bye(?: bye)?"
    rf"|see you(?: (?:later|soon|tomorrow|around))?|take care|welcome(?: back)?){_NAMED}"
    r"|(?:a?(?:ha)+h?|(?:he)+h?|lol|lmao|rofl|l(?:o)+l|ha ha)(?: (?:ha|lol|(?:ha)+h?))*"
    r"|u[hm]+|h+m+|er+m*|ah+|oh+)"
)
_ACKNOWLEDGEMENT = re.compile(
    r"(?:(?:ok(?:ay)?|k|alright|all right|right|sure(?: thing)?|yep|yeah|yup|fine|cool|great"
    r"|nice|perfect|awesome|excellent|lovely|wonderful|brilliant|understood|noted|i see"
    r"|got (?:it|that|you)|gotcha|makes sense|sounds good|will do|copy that|roger(?: that)?"
    r"|of course|absolutely|exactly|indeed|no (?:problem|worries)|you(?:'re|’re) welcome"
    r"|anytime|my pleasure|thanks?(?: you)?(?: (?:so|very) much| a lot| again)?|cheers"
    r"|much appreciated|appreciate it|oh|ah|good|very good)(?: |$))+"
)


def condensed(text: str) -> str:
    """*text*, or where it is long its two first and two last sentences."""
    if len(text) <= LONG_TURN:
        return text
    if len(text) <= 2 * _READ_AT_AN_END:
        found = sentences(text)
    else:
        found = sentences(text[:_READ_AT_AN_END]) + sentences(text[-_READ_AT_AN_END:])
    return " ".join(found[:_ENDS] + found[-_ENDS:]) if len(found) > 2 * _ENDS else text


class Compaction:
    """One pass over the conversation of a memory; ``work`` carries it out bit by bit.

    *referred* are the nodes that others name as what retired or overruled them.
    """

    def __init__(self, knowledge: Knowledge, referred: set[int], absorbed: Absorbed) -> None:
        self.turns_compacted = 0
        self.summaries_created = 0
        self._knowledge = knowledge
        self._graph = knowledge.graph
        self._referred = referred
        self._absorbed = absorbed

    def work(self, turns: Sequence[int]) -> Iterator[int]:
        """Compact *turns*, the indexes of the conversation, oldest first; yields costs.

        The graph may change between two steps.
        """
        if sum(1 for index in turns if self._is_turn(index)) <= COMPACTED_ABOVE:
            return
        run = _Run()
        for index in turns[:-KEPT_TURNS]:
            node = self._graph.nodes.get(index)
            if node is None or node.kind not in TURN_KINDS:
                continue
            yield LOOK
            if not self._is_free(node):
                yield from self._close(run)
                run = _Run(asked_by=_asker(node))
                continue
            before = run.asked_by
            if node.kind == "conversation" and is_small_talk(
                _text(node), asked=before is not None and before != node.key
            ):
                self._take_out(node)
                self.turns_compacted += 1
                yield CHANGE
                continue
            if not run.takes(node):
                yield from self._close(run)
                run = _Run()
            run.add(node)
        yield from self._close(run)

    def _is_turn(self, index: int) -> bool:
        node = self._graph.nodes.get(index)
        return node is not None and node.live and node.kind == "conversation"

    def _is_free(self, node: Node) -> bool:
        """Whether *node* holds, without an end, and nothing refers to it but its neighbours."""
        return (
            node.live
            and node.expires_at is None
            and node.valid_to is None
            and node.index not in self._referred
            and all(
                edge.kind == "TemporalNext"
                for edges in (
                    self._graph.edges_from(node.index),
                    self._graph.edges_to(node.index),
                )
                for edge in edges
            )
        )

    def _close(self, run: "_Run") -> Iterator[int]:
        """Make one turn of the *run*, if all of it is still what it was."""
        nodes = run.nodes
        if not nodes or not self._stands(run):
            return
        text = " ".join(run.texts)
        if len(nodes) == 1 and text == _text(nodes[0]):
            return
        first, others = nodes[0], nodes[1:]
        kinds = [node.kind for node in nodes]
        self.turns_compacted += kinds.count("conversation")
        if "conversation_summary" not in kinds:
            self.summaries_created += 1
        for node in others:
            self._take_out(node)
        self._graph.update(first, kind="conversation_summary", value=text, shown=None)
        self._knowledge.refresh(first)
        self._absorbed(first, [node.index for node in others])
        yield CHANGE * len(nodes)

    def _stands(self, run: "_Run") -> bool:
        return all(
            self._graph.nodes.get(node.index) is node
            and self._is_free(node)
            and _manner(node) == run.manner
            and _text(node) == said
            for node, said in zip(run.nodes, run.said, strict=True)
        )

    def _take_out(self, node: Node) -> None:
        """Remove *node* and join the turns on either side of it."""
        close_gap(self._graph, node)
        self._knowledge.remove(node)


def close_gap(graph: Graph, node: Node) -> None:
    """Link the turn before *node* to the turn after it, as if *node* had not been said."""
    before = [edge for edge in graph.edges_to(node.index) if edge.kind == "TemporalNext"]
    after = [edge for edge in graph.edges_from(node.index) if edge.kind == "TemporalNext"]
    for earlier in before:
        for later in after:
            graph.add_edge(
                "TemporalNext",
                earlier.source,
                later.target,
                at=later.created_at,
                weight=later.weight,
            )


class _Run:
    """Turns in a row that one speaker said in one manner: *said*, and the *texts* to join."""

    def __init__(self, asked_by: str | None = None) -> None:
        self.nodes: list[Node] = []
        self.texts: list[str] = []
        self.said: list[str] = []
        self.manner: tuple[object, ...] | None = None
        self.asked_by = asked_by
        """Who ended the turn before the next one with a question."""
        self._size = 0

    def takes(self, node: Node) -> bool:
        """Whether *node* goes on with what is here, and there is room for it."""
        if not self.nodes:
            return True
        room = LARGEST_SUMMARY - self._size
        return _manner(node) == self.manner and len(_shortened(node)) < room

    def add(self, node: Node) -> None:
        """Go on with *node*."""
        text = _shortened(node)
        self.nodes.append(node)
        self.texts.append(text)
        self.said.append(_text(node))
        self.manner = _manner(node)
        self.asked_by = _asker(node)
        self._size += len(text) + 1


def _manner(node: Node) -> tuple[object, ...]:
    """What two turns must have in common to be one."""
    return (
        node.key,
        node.session,
        node.setting,
        node.digression,
        node.min_authority,
        node.scope,
        node.needs_review,
        node.overruled_by,
    )


def _text(node: Node) -> str:
    return node.value if node.shown is None else node.shown


def _shortened(node: Node) -> str:
    """What is left of a turn; a summary has been cut before."""
    return condensed(_text(node)) if node.kind == "conversation" else _text(node)


def _asker(node: Node) -> str | None:
    return node.key if _text(node).rstrip().endswith("?") else None
