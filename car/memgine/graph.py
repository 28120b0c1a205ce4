"""The graph: nodes, edges, their look-up tables, and a record of what changed.

Plain bookkeeping: what an addition means for other nodes is decided above.  A graph that is
kept in a store notes which rows changed; ``drain`` hands them over as they then stand.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from car.memgine.edges import Edge, EdgeKind
from car.memgine.errors import BrokenMemory
from car.memgine.nodes import Node, NodeKind


class Change(msgspec.Struct, frozen=True, gc=False):
    """One row as it now stands: *value* is JSON, None where the row is gone.

    Keys: ``n<index>`` a node, ``e<source>:<kind>:<target>`` an edge, ``m<name>`` a setting
    of the graph.
    """

    key: str
    value: bytes | None


class Graph:
    """Nodes by index, id and key; edges both ways.  *tracked*: changes are to be drained."""

    def __init__(self, *, tracked: bool = False) -> None:
        self.nodes: dict[int, Node] = {}
        self.tracked = tracked
        self._next_index = 0
        self._next_edge = 1
        self._by_id: dict[str, int] = {}
        self._by_key: dict[str, list[int]] = {}
        self._out: dict[int, list[Edge]] = {}
        self._in: dict[int, list[Edge]] = {}
        self._settings: dict[str, Any] = {}
        self._dirty: dict[str, Node | Edge | None] = {}
        self.edge_count = 0

    # ---- nodes -------------------------------------------------------------------------

    def add_node(self, kind: NodeKind, key: str, value: str, *, at: float, **fields: Any) -> Node:
        """A new node under the next index; *fields* are those of Node.  *at* is created_at."""
        node = Node(
            index=self._next_index, kind=kind, key=key, value=value, created_at=at, **fields
        )
        if node.id is not None and node.id in self._by_id:
            raise ValueError(f"id {node.id} is taken")
        self._next_index += 1
        self._enter(node)
        if self.tracked:
            self._dirty[f"n{node.index}"] = node
        return node

    def _enter(self, node: Node) -> None:
        self.nodes[node.index] = node
        if node.id is not None:
            self._by_id[node.id] = node.index
        indexes = self._by_key.get(node.key)
        if indexes is None:
            self._by_key[node.key] = [node.index]
        else:
            indexes.append(node.index)

    def update(self, node: Node, **fields: Any) -> None:
        """Set *fields* of *node*; its index, id and key stay as they are."""
        for name, value in fields.items():
            setattr(node, name, value)
        if self.tracked:
            self._dirty[f"n{node.index}"] = node

    def remove(self, node: Node) -> None:
        """Take *node* out, with its edges."""
        for edge in {*self.edges_from(node.index), *self.edges_to(node.index)}:
            self.remove_edge(edge)
        del self.nodes[node.index]
        if node.id is not None:
            del self._by_id[node.id]
        indexes = self._by_key[node.key]
        indexes.remove(node.index)
        if not indexes:
            del self._by_key[node.key]
        if self.tracked:
            self._dirty[f"n{node.index}"] = None

    def by_id(self, id: str) -> Node | None:
        """The node with the fact id *id*."""
        index = self._by_id.get(id)
        return None if index is None else self.nodes[index]

    def by_key(self, key: str) -> list[Node]:
        """The nodes of every kind under *key*, oldest first."""
        return [self.nodes[index] for index in self._by_key.get(key, ())]

    def newest_of_key(self, key: str) -> Iterator[Node]:
        """The nodes of every kind under *key*, newest first."""
        return (self.nodes[index] for index in reversed(self._by_key.get(key, ())))

    def of_kind(self, *kinds: NodeKind) -> Iterator[Node]:
        """The nodes of these kinds, oldest first; walks all of them."""
        return (node for node in self.nodes.values() if node.kind in kinds)

    # ---- edges -------------------------------------------------------------------------

    def add_edge(
        self, kind: EdgeKind, source: int, target: int, *, at: float, weight: float = 1.0
    ) -> Edge:
        """Link two nodes; a second edge of a kind between them replaces the first."""
        for edge in self._out.get(source, ()):
            if edge.kind == kind and edge.target == target:
                self.remove_edge(edge)
                break
        edge = Edge(kind, source, target, at, weight, self._next_edge)
        self._link(edge)
        if self.tracked:
            self._dirty[_edge_key(edge)] = edge
        return edge

    def _link(self, edge: Edge) -> None:
        for table, index in ((self._out, edge.source), (self._in, edge.target)):
            edges = table.get(index)
            if edges is None:
                table[index] = [edge]
            else:
                edges.append(edge)
        self.edge_count += 1
        if edge.number >= self._next_edge:
            self._next_edge = edge.number + 1

    def remove_edge(self, edge: Edge) -> None:
        """Unlink *edge*."""
        for table, index in ((self._out, edge.source), (self._in, edge.target)):
            table[index].remove(edge)
            if not table[index]:
                del table[index]
        self.edge_count -= 1
        if self.tracked:
            self._dirty[_edge_key(edge)] = None

    def edges_from(self, index: int) -> list[Edge]:
        """The edges that leave a node; not to be changed."""
        return self._out.get(index, [])

    def edges_to(self, index: int) -> list[Edge]:
        """The edges that reach a node; not to be changed."""
        return self._in.get(index, [])

    # ---- what is kept ------------------------------------------------------------------

    def setting(self, name: str, default: Any = None) -> Any:
        """A value of the graph as a whole."""
        return self._settings.get(name, default)

    def set_setting(self, name: str, value: Any) -> None:
        """Keep *value*, which is JSON, under *name* with the graph."""
        self._settings[name] = value
        if self.tracked:
            self._dirty[f"m{name}"] = None

    def drain(self) -> list[Change]:
        """The rows that changed since the last call, each once, as they now stand."""
        dirty, self._dirty = self._dirty, {}
        changes = [
            Change(key, self._setting_row(key) if key[0] == "m" else _row(record))
            for key, record in dirty.items()
            if key != _NEXT
        ]
        if changes:
            changes.append(self._next_row())
        return changes

    def mark(self, changes: Iterable[Change]) -> None:
        """Let the rows of *changes*, which were not kept after all, be drained once more."""
        for change in changes:
            if change.key not in self._dirty:
                self._dirty[change.key] = self._record(change.key)

    def _record(self, key: str) -> Node | Edge | None:
        if key[0] == "n":
            return self.nodes.get(int(key[1:]))
        if key[0] == "e":
            source, kind, target = key[1:].split(":")
            for edge in self.edges_from(int(source)):
                if edge.kind == kind and edge.target == int(target):
                    return edge
        return None

    def rows(self) -> Iterator[Change]:
        """Every row of the graph as it stands."""
        for index, node in self.nodes.items():
            yield Change(f"n{index}", _row(node))
        for edges in self._out.values():
            for edge in edges:
                yield Change(_edge_key(edge), _row(edge))
        for name in self._settings:
            yield Change(f"m{name}", self._setting_row(f"m{name}"))
        yield self._next_row()

    def _setting_row(self, key: str) -> bytes:
        return msgspec.json.encode(self._settings[key[1:]])

    def _next_row(self) -> Change:
        return Change(_NEXT, msgspec.json.encode(self._next_index))

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[tuple[str, bytes]],
        *,
        more_nodes: Iterable[Node] = (),
        more_edges: Iterable[Edge] = (),
        tracked: bool = False,
    ) -> "Graph":
        """The graph whose rows these are, in any order, with what was read of it already.

        Raises BrokenMemory where a row does not decode or an edge leads nowhere.
        """
        graph = cls(tracked=tracked)
        nodes = list(more_nodes)
        edges = list(more_edges)
        for key, value in rows:
            try:
                if key[:1] == "n":
                    nodes.append(_decode_node(value))
                elif key[:1] == "e":
                    edges.append(_decode_edge(value))
                elif key == _NEXT:
                    graph._next_index = msgspec.json.decode(value, type=int)
                elif key[:1] == "m":
                    graph._settings[key[1:]] = msgspec.json.decode(value)
                else:
                    raise BrokenMemory(f"row {key!r} is of no kind that this version knows")
            except msgspec.DecodeError as problem:
                raise BrokenMemory(f"row {key!r}: {problem}") from None
        nodes.sort(key=_index_of)
        for node in nodes:
            graph._enter(node)
        edges.sort(key=_age_of)
        for edge in edges:
            if edge.source not in graph.nodes or edge.target not in graph.nodes:
                raise BrokenMemory(f"edge {_edge_key(edge)} leads to a node that is not there")
            graph._link(edge)
        if nodes:
            graph._next_index = max(graph._next_index, nodes[-1].index + 1)
        return graph


_NEXT = "m#next"
"""The row of the next node's index, so that none is given twice."""

_decode_node = msgspec.json.Decoder(Node).decode
_decode_edge = msgspec.json.Decoder(Edge).decode


def _row(record: Node | Edge | None) -> bytes | None:
    return None if record is None else msgspec.json.encode(record)


def _edge_key(edge: Edge) -> str:
    return f"e{edge.source}:{edge.kind}:{edge.target}"


def _index_of(node: Node) -> int:
    return node.index


def _age_of(edge: Edge) -> tuple[int, float, int, int]:
    return (edge.number, edge.created_at, edge.source, edge.target)
