"""The memory's encoder: nodes and questions get vectors, and its failures harm nothing."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from car.inference.errors import MissingComponent
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from car.server.encoding import BATCH, Encoder
from tests.server.doubles import ServerCase


class FakeEngine:
    """An engine whose vectors tell animals from the rest."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.broken = False

    async def embed(self, texts: Sequence[str], model: str | None) -> list[list[float]]:
        """A vector a text."""
        if self.broken:
            raise MissingComponent("embeddings need the optional package tokenizers")
        self.batches.append(len(texts))
        return [[1.0, 0.0] if "owl" in text or "bird" in text else [0.0, 1.0] for text in texts]


class EncoderTests(ServerCase):
    """Encoder, beside a memory."""

    def setUp(self) -> None:
        super().setUp()
        self.engine = FakeEngine()
        engine: Any = self.engine
        self.encoder = Encoder(lambda: engine, "lab/vectors:1")
        self.memory = Memgine()
        for number in range(BATCH + 8):
            self.memory.add_fact(NewFact(f"note {number}", "about stones"), 1.0)
        self.memory.add_fact(NewFact("tree", "an owl lives there"), 1.0)

    def result(self, coroutine: Any) -> Any:
        """What a coroutine comes to at once."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_nodes_once(self) -> None:
        """Every node gets its vector, in batches; a second pass finds nothing to do."""
        self.assertEqual(self.result(self.encoder.encode(self.memory)), BATCH + 9)
        self.assertEqual(self.engine.batches, [BATCH, 9])
        self.assertEqual(self.result(self.encoder.encode(self.memory)), 0)

    def test_question(self) -> None:
        """A question finds what has no word in common with it."""
        self.result(self.encoder.encode(self.memory))
        vector = self.result(self.encoder.question(self.memory, "any bird?"))
        [hit] = self.memory.query("any bird?", 1, 1.0, vector=vector)
        self.assertEqual(hit.node.value, "an owl lives there")

    def test_without_vectors(self) -> None:
        """A memory whose nodes have none costs no call."""
        self.assertIsNone(self.result(self.encoder.question(self.memory, "any bird?")))
        self.assertEqual(self.engine.batches, [])

    def test_failure(self) -> None:
        """What the model cannot do is logged once, and memory goes on."""
        self.result(self.encoder.encode(self.memory))
        self.engine.broken = True
        self.memory.add_fact(NewFact("new", "x"), 1.0)
        self.assertEqual(self.result(self.encoder.encode(self.memory)), 0)
        self.assertIsNone(self.result(self.encoder.question(self.memory, "any bird?")))

    def test_over_the_wire(self) -> None:
        """With the setting, consolidation embeds and a query goes by meaning too."""
        engine: Any = self.engine
        self.serve(inference=engine, memory_encoder="lab/vectors:1")
        client = self.peer()
        for number in range(12):
            client.call("memory.add_fact", {"subject": f"n{number}", "body": "about stones"})
        client.call("memory.add_fact", {"subject": "tree", "body": "an owl lives there"})
        report = self.result_of(client, "memory.consolidate")
        assert isinstance(report, dict)
        self.assertEqual((report["nodes_embedded"], report["embedding_coverage"]), (13, 1.0))
        rows = client.call("memory.query", {"query": "any bird?", "k": 1})
        assert isinstance(rows, list)
        self.assertEqual(rows[0]["body"], "an owl lives there")
        self.assertIn("owl", str(client.call("memory.build_context", {"query": "any bird?"})))
