"""Tests of car.inference.local.onnx on a tiny model, in this process."""

import math
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import UnsupportedMode
from car.inference.local.onnx import OnnxModel
from car.ir.json import JsonValue
from tests.inference.local.needed import missing
from tests.inference.local.tiny import write_cross_encoder


class OnnxModelTests(SynchronousTestCase):
    """OnnxModel.call"""

    skip = missing("onnxruntime", "tokenizers")

    def setUp(self) -> None:
        directory = Path(self.mktemp())
        directory.mkdir()
        weights, tokenizer = write_cross_encoder(directory)
        self.model = OnnxModel(str(weights), str(tokenizer), context=4, threads=1)

    def call(self, op: str, **arguments: JsonValue) -> JsonValue:
        """Have the model do *op*."""
        return self.model.call(op, arguments, lambda part: False)

    def test_rank(self) -> None:
        """A cross-encoder's logit becomes a score; padding counts for nothing."""
        first, second = self.call("rank", query="owl", documents=["cat", "dog cat"])
        self.assertAlmostEqual(first, 1 / (1 + math.exp(-5)), places=6)
        self.assertAlmostEqual(second, 1 / (1 + math.exp(-9)), places=6)

    def test_cut(self) -> None:
        """Texts are cut at the context, but never when it is tokens that are asked for."""
        (score,) = self.call("rank", query="owl", documents=["owl owl owl dog"])
        self.assertAlmostEqual(score, 1 / (1 + math.exp(-8)), places=6)
        self.assertEqual(len(self.call("tokenize", text="owl " * 9)), 9)

    def test_tokens(self) -> None:
        """Ids go there and back, unknown words are told as such."""
        tokens = self.call("tokenize", text="owl cat bat")
        self.assertEqual(tokens, [2, 3, 1])
        self.assertEqual(self.call("detokenize", tokens=tokens), "owl cat [UNK]")

    def test_vector_of_pooled_output(self) -> None:
        """An output for each text is taken as pooled, and made of unit length."""
        self.assertEqual(self.call("embed", texts=["owl", "dog"]), [[1.0], [1.0]])
        self.assertEqual(self.call("near", query="owl", documents=["dog"]), [1.0])

    def test_unknown_op(self) -> None:
        """What it cannot do it says."""
        with self.assertRaisesRegex(UnsupportedMode, "cannot chat"):
            self.call("chat")
