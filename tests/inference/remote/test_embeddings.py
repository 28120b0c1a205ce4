"""Vectors from OpenAI-compatible endpoints."""

from car.inference.errors import ProviderError, UnsupportedMode
from car.inference.remote.embeddings import BATCH
from tests.inference.remote.case import RemoteCase, remote_model


class EmbeddingTests(RemoteCase):
    """RemoteGenerator.embed."""

    def test_vectors(self) -> None:
        """Of unit length, in the order of the texts whatever the provider's, in batches."""
        for name in ("lab", "shuffled"):
            asked = self.generator.embed(remote_model(name), ["x"] * (BATCH + 1))
            self.flush()
            vectors = self.successResultOf(asked)
            self.assertEqual(len(vectors), BATCH + 1)
            for vector in vectors:
                self.assertAlmostEqual(sum(part * part for part in vector), 1)
            self.assertEqual(vectors[0], [0.6, 0.8, 0, 0])
            self.assertGreater(vectors[2][2], vectors[1][2])
        sizes = [len(body["input"]) for _, _, body in self.provider("embeddings").requests]
        self.assertEqual(sizes, [BATCH, 1, BATCH, 1])
        self.assertQuiet()

    def test_too_few(self) -> None:
        """Every text must have its vector."""
        asked = self.generator.embed(remote_model("short"), ["x", "y"])
        self.flush()
        error = self.failureResultOf(asked, ProviderError).value
        self.assertEqual(str(error), "The provider sent 1 vectors for 2 texts.")

    def test_other_protocols(self) -> None:
        """Others are not asked."""
        asked = self.generator.embed(remote_model(protocol="anthropic"), ["x"])
        self.failureResultOf(asked, UnsupportedMode)

    def test_nothing(self) -> None:
        """No texts, no request."""
        self.assertEqual(self.successResultOf(self.generator.embed(remote_model(), [])), [])
