"""What of memory answers a question: words, neighbours, speakers, dates and edges weighed together.

Nodes come in by ``add`` and go by ``remove``; ``search`` ranks.  Who may see what is told by
the caller; what is made of the hits is ``context``'s business.  Same store, same question, same
instant: same hits, in the same order, in any process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from car.memgine.dates import turn_terms
from car.memgine.graph import Graph
from car.memgine.index import Document, TextIndex
from car.memgine.nodes import Node, NodeKind
from car.memgine.questions import Wanted, read
from car.memgine.rows import NOWHERE, DocKind
from car.memgine.signs import ASKING, turn_signs
from car.memgine.spreading import spread
from car.memgine.weights import RetrievalOptions

DOC_KINDS: dict[NodeKind, DocKind] = {
    "fact": DocKind.FACT,
    "fact_superseded": DocKind.FACT,
    "conclusion": DocKind.CONCLUSION,
    "conclusion_invalidated": DocKind.CONCLUSION,
    "conversation": DocKind.TURN,
    "conversation_summary": DocKind.SUMMARY,
    "environment": DocKind.ENVIRONMENT,
}
"""What each kind of node is in the index; nodes of other kinds are not in it."""

_SPEAKER = "="
_SEEDS = 10
_FIRST_CUT = 64
_UNMISTAKABLE = 2.0

Scores = npt.NDArray[np.float32]


class Hit(msgspec.Struct, frozen=True):
    """A node found.  *score* ranks; *lexical* is BM25 alone; *activation* came over edges."""

    node: Node
    score: float
    lexical: float
    activation: float


class Retriever:
    """Search over the nodes of *graph* that were added to *index*."""

    def __init__(
        self, index: TextIndex, graph: Graph, options: RetrievalOptions | None = None
    ) -> None:
        self._index = index
        self._graph = graph
        self._options = options or RetrievalOptions()

    def add(self, node: Node) -> None:
        """Let *node* be found, as it now stands; a kind that is not searched is passed over."""
        if node.kind in DOC_KINDS:
            self._index.add_many((self._document(node),))

    def add_many(self, nodes: Iterable[Node]) -> None:
        """Let many be found."""
        self._index.add_many(self._document(node) for node in nodes if node.kind in DOC_KINDS)

    def remove(self, index: int) -> None:
        """Let the node *index* be found no more."""
        self._index.remove(index)

    def search(
        self,
        query: str,
        k: int,
        *,
        at: float,
        kinds: frozenset[DocKind] | None = None,
        allowed: Callable[[Node], bool] | None = None,
        dense: Mapping[int, float] | None = None,
    ) -> list[Hit]:
        """The best *k* nodes for *query* among those that hold at *at*, best first.

        *kinds* and *allowed* limit what may be found; what they shut out takes no place among
        the *k* and passes no activation on.  *dense* are similarities of nodes to the query, by
        index, on any scale, from whoever has an encoder.  Equals go by the newest, then index.
        Nothing that matches: no hits.
        """
        wanted = read(query, at, self._index, self._options)
        lexical = self._index.score(wanted.words)
        scores = self._with_turns(wanted, lexical)
        if dense:
            scores = self._with_dense(scores, dense)
        if kinds is not None:
            kept = np.isin(self._index.table.kinds, [int(kind) for kind in kinds])
            scores = np.where(kept, scores, np.float32(0))
        nodes = self._graph.nodes

        def passable(index: int) -> bool:
            node = nodes.get(index)
            return node is not None and node.holds_at(at) and (allowed is None or allowed(node))

        active = self._activation(scores, passable)
        for index, extra in active.items():
            if index in self._index.table:
                row = self._index.table.row(index)
                if kinds is None or self._index.table.kinds[row] in kinds:
                    scores[row] += np.float32(extra)
        hits: list[Hit] = []
        for row in self._ranked(scores, k):
            if len(hits) >= k:
                break
            index = int(self._index.table.docs[row])
            if passable(index):
                hits.append(
                    Hit(
                        node=nodes[index],
                        score=float(scores[row]),
                        lexical=float(lexical[row]),
                        activation=active.get(index, 0.0),
                    )
                )
        return hits

    def _document(self, node: Node) -> Document:
        """What the index keeps of *node*, whose kind is one of DOC_KINDS."""
        kind = DOC_KINDS[node.kind]
        if kind != DocKind.TURN:
            return Document(node.index, node.key, node.value, kind, at=node.created_at)
        said = node.value.removeprefix(f"{node.key}:")
        speaker = node.key.rpartition(":")[2]  # where from stands before: ``meeting:7:mic:S1``
        names = [_SPEAKER + term for term in self._index.tokeniser.terms(speaker)]
        return Document(
            doc=node.index,
            key=node.key,
            text=said,
            kind=kind,
            words=[*names, *turn_terms(said, node.created_at), *turn_signs(said)],
            at=node.created_at,
            thread=node.session,
        )

    # ---- what turns have from where they stand -----------------------------------------

    def _with_turns(self, wanted: Wanted, lexical: Scores) -> Scores:
        """*lexical*, with what turns have from what else they are and where they stand."""
        options, table, index = self._options, self._index.table, self._index
        if not table.count(DocKind.TURN):
            return lexical.copy()
        turns = table.kinds == DocKind.TURN
        said = lexical
        if wanted.related:
            said = lexical + np.where(turns, index.score(wanted.related), np.float32(0))
        scores = self._with_neighbours(said)
        if options.session:
            covered = self._covered(wanted.words | wanted.related)
            reached = (scores > 0) & turns
            scores[reached] += np.float32(options.session) * covered[table.threads[reached]]
            scores[turns] /= np.float32(1 + options.session)
        if options.brevity:
            lengths = table.lengths[turns]
            scores[turns] *= lengths / (lengths + np.float32(options.brevity))
        if options.dates and wanted.dates:
            scores += index.score(wanted.dates)
        for word in wanted.speakers:
            rows = index.rows(_SPEAKER + word)
            share = len(rows) / table.count(DocKind.TURN)
            scores[rows] *= np.float32(1 + options.speaker * share * share)
        for sign, advantage in wanted.signs.items():
            scores[index.rows(sign)] *= np.float32(1 + advantage)
        scores[index.rows(ASKING)] *= np.float32(1 - options.asking)
        return scores

    def _with_neighbours(self, said: Scores) -> Scores:
        """*said*, with what turns lend to those around them."""
        scores = said.copy()
        for step in (self._index.table.before, self._index.table.after):
            lenders = reached = np.flatnonzero(said)
            for share in self._options.neighbours:
                reached = step[reached]
                inside = reached != NOWHERE
                lenders, reached = lenders[inside], reached[inside]
                scores[reached] += np.float32(share) * said[lenders]
        return scores

    def _covered(self, words: Mapping[str, float]) -> Scores:
        """For each thread the weight of the *words* that it has; the last entry is for none."""
        table = self._index.table
        covered = np.zeros(table.thread_limit + 1, np.float32)
        for word, weight in words.items():
            threads = np.unique(table.threads[self._index.rows(word)])
            covered[threads] += np.float32(weight * self._index.idf(word))
        covered[NOWHERE] = 0
        return covered

    # ---- what comes from elsewhere -----------------------------------------------------

    def _with_dense(self, scores: Scores, dense: Mapping[int, float]) -> Scores:
        """*scores* plus the standing of each node among *dense*, in their own spread.

        A node without a matching word is found only where its similarity stands out.
        """
        known = [index for index in dense if index in self._index.table]
        if len(known) < 2:
            return scores
        rows = np.array([self._index.table.row(index) for index in known])
        near = np.array([dense[index] for index in known], np.float32)
        standing = (near - near.mean()) / (near.std() or np.float32(1))
        matched = scores[scores > 0]
        scale = (matched.std() if len(matched) > 1 else 0) or np.float32(1)
        seen = (scores[rows] > 0) | (standing >= _UNMISTAKABLE)
        added = np.float32(self._options.dense) * scale * standing
        scores[rows[seen]] = np.maximum(scores[rows[seen]] + added[seen], 0)
        return scores

    def _activation(self, scores: Scores, passable: Callable[[int], bool]) -> dict[int, float]:
        """What each node has over edges from the best that matched, in units of their scores."""
        if not self._options.spread or not self._graph.edge_count:
            return {}
        docs = self._index.table.docs
        seeds: dict[int, float] = {}
        for row in self._ranked(scores, _SEEDS):
            if passable(int(docs[row])):
                seeds[int(docs[row])] = float(scores[row])
                if len(seeds) == _SEEDS:
                    break
        total = sum(seeds.values())
        shares = {index: score / total for index, score in seeds.items()}
        weight = self._options.spread * total
        return {
            index: weight * mass for index, mass in spread(self._graph, shares, passable).items()
        }

    # ---- order -------------------------------------------------------------------------

    def _ranked(self, scores: Scores, k: int) -> Iterator[int]:
        """The rows above 0, best first; sorted piece by piece, as far as they are asked for."""
        rows = np.flatnonzero(scores > 0)
        cut = max(_FIRST_CUT, 4 * k)
        while len(rows):
            found = scores[rows]
            if len(rows) > cut:
                least = np.partition(found, len(rows) - cut)[len(rows) - cut]
                best, rows = rows[found >= least], rows[found < least]
            else:
                best, rows = rows, rows[:0]
            table = self._index.table
            order = np.lexsort((table.docs[best], -table.ats[best], -scores[best]))
            yield from best[order].tolist()
            cut *= 4
