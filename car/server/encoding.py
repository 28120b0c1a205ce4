"""The memory's optional encoder: a model's vectors for what memories hold and are asked.

Off unless a model is named.  Nodes get their vectors between other work, questions when they
are put; where the model fails, memory goes on by words alone.
"""

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from car.inference.engine import InferenceEngine
from car.inference.errors import InferenceError
from car.memgine.errors import MemoryFault
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node

_log = Logger()

BATCH = 32
"""Texts of one call (``subsystem-inference.md``)."""

MOST_NODES = 4_096
"""Nodes that one pass gives vectors; the next pass goes on."""

LONGEST_TEXT = 2_000
"""Characters of a node or a question that are looked at."""


class Encoder:
    """Vectors from the embedding model *model* of *engine*, which is asked for at each use."""

    def __init__(self, engine: Callable[[], InferenceEngine], model: str) -> None:
        self._engine = engine
        self._model = model
        self._failed: str | None = None

    async def question(self, memory: Memgine, text: str) -> list[float] | None:
        """The vector of a question to *memory*; None where its nodes have none, or it fails."""
        if not len(memory.vectors):
            return None
        vectors = await self._embed([text])
        return None if vectors is None else vectors[0]

    async def encode(self, memory: Memgine) -> int:
        """Give nodes of *memory* that have no vector one; how many got it."""
        missing = [node for node in memory.knowledge.searched() if node.index not in memory.vectors]
        done = 0
        for begin in range(0, min(len(missing), MOST_NODES), BATCH):
            batch = missing[begin : begin + BATCH]
            vectors = await self._embed([_text(node) for node in batch])
            if vectors is None:
                break
            done += self._keep(memory, batch, vectors)
        return done

    def _keep(
        self, memory: Memgine, nodes: Sequence[Node], vectors: Sequence[Sequence[float]]
    ) -> int:
        kept = 0
        for node, vector in zip(nodes, vectors, strict=True):
            if memory.graph.nodes.get(node.index) is node:
                try:
                    memory.vectors.put(node.index, vector)
                except MemoryFault as problem:
                    self._tell(str(problem))
                    break
                kept += 1
        return kept

    async def _embed(self, texts: Sequence[str]) -> list[list[float]] | None:
        cut = [text[:LONGEST_TEXT] for text in texts]
        try:
            vectors = await Deferred.fromCoroutine(self._engine().embed(cut, self._model))
        except InferenceError as problem:
            self._tell(str(problem))
            return None
        self._failed = None
        return vectors

    def _tell(self, problem: str) -> None:
        """Log a failure, once as long as it stays the same."""
        if problem != self._failed:
            self._failed = problem
            _log.warn("memory goes on without vectors: {problem}", problem=problem)


def _text(node: Node) -> str:
    return f"{node.key}: {node.value if node.shown is None else node.shown}"
