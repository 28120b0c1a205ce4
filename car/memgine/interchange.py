"""Interchange files: a memory as the JSON array that the reference reads, and back (memgine §8).

Each item is a fact that holds, or a skill, in the reference's plain form; ``meta`` beside it
is what that form loses.  The first item's ``meta.rest`` is everything else in the graph, as
the rows a store would keep.  Where plain form and meta speak of one thing, the plain form
counts, so that a file may be edited by hand.  Opening files is left to the caller.
"""

import re
from typing import Literal

import msgspec

from car.memgine.authority import required_rank
from car.memgine.edges import Edge
from car.memgine.errors import BrokenMemory
from car.memgine.facts import SAME_SUBJECT_WEIGHT
from car.memgine.graph import Graph
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node, NodeKind
from car.memgine.skills.errors import InvalidSkill
from car.memgine.skills.records import Skill

LOADED_PREFIX = "loaded"
"""Begins the ids of facts that a file names none for (memgine §1)."""

ContentType = Literal["natural_language", "code", "structured_data"]
Row = tuple[str, bytes]


class _Kept(Node, gc=False, omit_defaults=True, kw_only=True):
    """A node without what the plain form says of it."""

    kind: NodeKind = "fact"
    key: str = ""
    value: str = ""


class _Meta(msgspec.Struct, gc=False, omit_defaults=True):
    node: _Kept | None = None
    rest: dict[str, msgspec.Raw] | None = None


class _Item(msgspec.Struct, gc=False, omit_defaults=True):
    """One element of the array, its plain members in the reference's order."""

    body: str
    content_type: ContentType
    kind: str
    subject: str
    meta: _Meta | None = None


class _ReadItem(_Item, gc=False, kw_only=True):
    """One element as it is read: the reference's first versions write no content type."""

    content_type: ContentType = "natural_language"


def dump(memory: Memgine) -> bytes:
    """*memory* as an interchange file, indented by two spaces.

    A memory without facts and skills that still holds something is one empty pattern whose
    meta has it all.
    """
    graph = memory.graph
    listed = {index: node for index, node in graph.nodes.items() if _is_listed(node)}
    items = [_item(node) for node in listed.values()]
    rest = {
        row.key: msgspec.Raw(row.value)
        for row in graph.rows()
        if row.value is not None and not (row.key[0] == "n" and int(row.key[1:]) in listed)
    }
    if not items and graph.nodes:
        items.append(_Item("", "natural_language", "pattern", "", _Meta()))
    if items and items[0].meta is not None:
        items[0].meta.rest = dict(sorted(rest.items()))
    return msgspec.json.format(msgspec.json.encode(items), indent=2)


def _is_listed(node: Node) -> bool:
    return node.retired_at is None and node.kind in ("fact", "skill")


def _item(node: Node) -> _Item:
    kept = msgspec.convert(node, _Kept, from_attributes=True)
    kept.kind, kept.key, kept.is_constraint = "fact", "", False
    kept.content_type = "natural_language"
    if node.kind == "skill":
        kept.data = None
        body, kind = msgspec.json.encode(node.data).decode(), "skill"
    else:
        kept.value = ""
        body, kind = node.value, "constraint" if node.is_constraint else "pattern"
    return _Item(body, node.content_type, kind, node.key, _Meta(kept))


# ---- reading -------------------------------------------------------------------------------


def load(text: bytes, *, tracked: bool = False, prefix: str = "ws", at: float = 0.0) -> Memgine:
    """The memory in an interchange file, ours or the reference's.

    Items without meta count as learnt at *at*, in seconds since the epoch; the ids of such
    facts are ``loaded-0`` and on.  *tracked* and *prefix* are Memgine's.  Raises BrokenMemory,
    naming item (the first is 1) and field.
    """
    loading = _Loading(_decode(text), at)
    try:
        graph = Graph.from_rows(
            loading.rows, more_nodes=loading.nodes, more_edges=loading.edges, tracked=tracked
        )
    except BrokenMemory as problem:
        raise BrokenMemory(f"item 1: meta.rest: {problem}") from None
    memory = Memgine(graph, tracked=tracked, prefix=prefix)
    for number, skill in loading.skills:
        try:
            memory.skills.ingest(skill, at=at)
        except InvalidSkill as problem:
            raise BrokenMemory(f"item {number}: body: {problem}") from None
    return memory


class _Named(msgspec.Struct, gc=False):
    """What of a node has to be the only one of its kind."""

    index: int
    id: str | None = None


_decode_items = msgspec.json.Decoder(list[_ReadItem]).decode
_decode_named = msgspec.json.Decoder(_Named).decode
_decode_skill = msgspec.json.Decoder(Skill).decode
_PLACE = re.compile(r" - at `\$\[(\d+)\](?:\.([^`]*))?`$")


def _decode(text: bytes) -> list[_ReadItem]:
    try:
        return _decode_items(text)
    except msgspec.ValidationError as problem:
        raise BrokenMemory(_where(str(problem))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BrokenMemory(f"a memory file is JSON, this is not: {problem}") from None


def _where(problem: str) -> str:
    """What the decoder says, with item and field in front."""
    place = _PLACE.search(problem)
    if place is None:
        return f"a memory file is a JSON array of facts: {problem}"
    field = f"{place[2]}: " if place[2] else ""
    return f"item {int(place[1]) + 1}: {field}{problem[: place.start()]}"


class _Loading:
    """What of a graph items make, and the skills that have no node yet."""

    def __init__(self, items: list[_ReadItem], at: float) -> None:
        self.rows: list[Row] = []
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.skills: list[tuple[int, Skill]] = []
        self._indexes: set[int] = set()
        self._ids: set[str] = set()
        self._newest: dict[str, int] = {}
        self._at = at
        plain: list[tuple[int, _ReadItem]] = []
        for number, item in enumerate(items, 1):
            if item.meta is None:
                plain.append((number, item))
                continue
            if item.meta.rest is not None:
                self._take_rest(number, item.meta.rest)
            if item.meta.node is not None:
                self._take_kept(number, item, item.meta.node)
        self._next = max(self._indexes, default=-1) + 1
        self._numbered = 0
        for number, item in plain:
            if item.kind == "skill":
                self.skills.append((number, _skill(number, item)))
            else:
                self._take_plain(item)

    def _take_rest(self, number: int, rest: dict[str, msgspec.Raw]) -> None:
        if number > 1:
            raise BrokenMemory(f"item {number}: meta.rest: only the first item may have it")
        for key, value in rest.items():
            row = bytes(value)
            self.rows.append((key, row))
            if key[:1] == "n":
                try:
                    named = _decode_named(row)
                except msgspec.ValidationError as problem:
                    raise BrokenMemory(f"item 1: meta.rest.{key[:20]}: {problem}") from None
                self._take(number, "rest", named.index, named.id)

    def _take_kept(self, number: int, item: _ReadItem, kept: _Kept) -> None:
        self._take(number, "node", kept.index, kept.id)
        kept.key, kept.content_type = item.subject, item.content_type
        if item.kind == "skill":
            skill = _skill(number, item)
            kept.kind, kept.data = "skill", msgspec.to_builtins(skill)
        else:
            kept.kind, kept.value = "fact", item.body
            kept.is_constraint = item.kind == "constraint"
            self._newest[item.subject] = kept.index
        if kept.retired_at is not None:
            raise BrokenMemory(f"item {number}: meta.node.retired_at: an item is what still holds")
        self.nodes.append(msgspec.convert(kept, Node, from_attributes=True))

    def _take_plain(self, item: _ReadItem) -> None:
        node = Node(
            index=self._next,
            kind="fact",
            key=item.subject,
            value=item.body,
            created_at=self._at,
            recorded_at=self._at,
            id=self._free_id(),
            label=item.kind,
            is_constraint=item.kind == "constraint",
            content_type=item.content_type,
            min_authority=required_rank(item.body),
        )
        self._next += 1
        self.nodes.append(node)
        before = self._newest.get(item.subject)
        if before is not None:
            edge = Edge("RelatedTo", node.index, before, self._at, SAME_SUBJECT_WEIGHT)
            self.edges.append(edge)
        self._newest[item.subject] = node.index

    def _take(self, number: int, member: str, index: int, id: str | None) -> None:
        where = "item %d: meta.%s.%s is another node's already"
        if index in self._indexes:
            raise BrokenMemory(where % (number, member, f"index: {index}"))
        self._indexes.add(index)
        if id is not None:
            if id in self._ids:
                raise BrokenMemory(where % (number, member, f"id: '{id[:200]}'"))
            self._ids.add(id)

    def _free_id(self) -> str:
        id = f"{LOADED_PREFIX}-{self._numbered}"
        while id in self._ids:
            self._numbered += 1
            id = f"{LOADED_PREFIX}-{self._numbered}"
        self._numbered += 1
        return id


def _skill(number: int, item: _ReadItem) -> Skill:
    try:
        return _decode_skill(item.body)
    except msgspec.DecodeError as problem:
        raise BrokenMemory(f"item {number}: body: it is to be a skill as JSON: {problem}") from None
