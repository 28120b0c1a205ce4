"""The official client's models, against the daemon's.

What needs a model is tried with the small ones that packages bring, and skipped without them.
"""

from typing import Any

from tests.inference.local.needed import GGUF, ONNX, missing
from tests.interop.clients import ClientTestCase, make_classes

GENERATOR = "smollm2-135m-instruct"

KEYLESS = "lab/keyless:1"

NO_INTENT = ("0.6.0",)
"""Versions that take an intent and do not send it."""

NO_REGISTERING = ("0.8.2",)
"""Versions that refuse to register a model: neither by themselves nor by the daemon."""


class ModelTests(ClientTestCase):
    """What is known of models."""

    scenario = "inference"
    needs = "list_models"

    def test_daemon(self) -> None:
        """The daemon takes it all in good order."""
        self.assert_daemon_well()
        self.assertEqual(self.json("alive"), 1)

    def test_list(self) -> None:
        """The legacy rows are those of local models."""
        rows = {row["name"]: row for row in self.json("list")}
        self.assertIs(rows["Qwen3-0.6B"]["downloaded"], False)

    def test_registered(self) -> None:
        """A model registered by the daemon, or by the client in its file, is there at once."""
        if self.version in NO_REGISTERING:
            self.assert_raised("register")
            return
        rows = {row["id"]: row for row in self.json("list_unified")}
        self.assertIs(rows[KEYLESS]["available"], False)
        self.assertEqual(rows[KEYLESS]["context_length"], 4_096)
        self.assertIs(rows[KEYLESS]["is_local"], False)

    def test_stats(self) -> None:
        """Nobody was asked anything yet."""
        self.assertEqual(self.json("stats_before"), {"profiles": []})


class ErrorTests(ClientTestCase):
    """What cannot work is told by what is missing."""

    scenario = "inference"
    needs = "infer"

    def test_unknown_model(self) -> None:
        """A model that nobody knows is named, with those that are nearest."""
        for step in ("unknown_model", "unknown_model_tracked", "embed_unknown"):
            self.assert_raised(step, "model not found: nobody; the nearest are ")
            self.assertEqual(self.code(step), -32603)

    def test_no_key(self) -> None:
        """A model without a key says where a key was looked for."""
        if self.version in NO_REGISTERING:
            return
        for step in ("no_key", "no_key_tracked"):
            self.assert_raised(
                step,
                "no API keys available for endpoint https://lab.invalid/v1 "
                '(checked env vars: ["INTEROP_NO_SUCH_KEY"] and the secret store)',
            )
            self.assertEqual(self.code(step), -32603)

    def test_no_model(self) -> None:
        """Where no model can do what the intent requires, that is the answer."""
        if self.version in NO_INTENT:
            return
        outcome = self.outcome("no_model")
        self.assertRegex(outcome.get("text", ""), "no (usable model|model will do): ")
        self.assertEqual(self.code("no_model"), -32603)

    def test_tokenize_remote(self) -> None:
        """Tokens of a remote model are not to be had."""
        if self.version in NO_REGISTERING:
            return
        self.assert_raised(
            "tokenize_remote",
            f"tokenize is not available for remote model '{KEYLESS}'; use a local model",
        )


class GenerationTests(ClientTestCase):
    """Real tokens."""

    scenario = "inference"
    needs = "infer"
    skip = missing(*GGUF)

    def test_infer(self) -> None:
        """The plain calls give the text."""
        self.assertTrue(self.value("infer").strip())
        self.assertIsInstance(self.value("with_context"), str)

    def test_tracked(self) -> None:
        """The tracked calls give usage in both vocabularies, times and the model's name."""
        for step in ("tracked", "messages"):
            self.check_whole(self.json(step))
        if self.sends("infer_tracked_with_request"):
            self.check_whole(self.json("with_request"))

    def check_whole(self, result: Any) -> None:
        """*result* has all that belongs to one."""
        self.assertEqual(result["model_used"], GENERATOR)
        self.assertTrue(result["text"])
        self.assertEqual(result["tool_calls"], [])
        usage = result["usage"]
        self.assertEqual(usage["completion_tokens"], usage["output_tokens"])
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["output_tokens"])
        self.assertTrue(0 <= result["time_to_first_token_ms"] <= result["latency_ms"])
        self.assertRegex(result["trace_id"], r"^t-\d+-\d+$")

    def test_context(self) -> None:
        """What memory knows of the question is put before the model."""
        without = self.json("without_context")["usage"]["input_tokens"]
        aware = self.json("with_context_tracked")["usage"]["input_tokens"]
        self.assertGreater(aware, without + 5)

    def test_route(self) -> None:
        """The route names a model and says why."""
        route = self.json("route")
        self.assertTrue(route["model_name"])
        self.assertIn(route["model_name"], route["reason"])
        self.assertEqual((route["complexity"], route["needs_compaction"]), ("simple", False))

    def test_stream(self) -> None:
        """A typed stream is refused by the client; the generic call hears every token."""
        self.assert_raised("stream_refused", "infer_stream")
        if not self.sends("daemon_call"):
            return
        result = self.json("stream")
        heard = self.outcome("stream_heard")
        self.assertEqual(len({params["request_id"] for params in heard}), 1)
        pieces = [each["event"]["data"] for each in heard if each["event"]["type"] == "text"]
        self.assertEqual("".join(pieces), result["text"])
        self.assertGreater(len(pieces), 1)

    def test_tokens(self) -> None:
        """A text becomes ids and the same text again."""
        self.assertGreater(len(self.json("tokenize")), 2)
        self.assertEqual(self.value("detokenize"), "Größe owl")

    def test_stats(self) -> None:
        """The calls that worked are counted, those that could not are not held against it."""
        profiles = {row["model_id"]: row for row in self.json("stats")["profiles"]}
        [profile] = [row for id, row in profiles.items() if GENERATOR in id]
        self.assertGreaterEqual(profile["success_count"], 6)
        self.assertEqual(profile["fail_count"], 0)
        self.assertNotIn(KEYLESS, profiles)


class TextTests(ClientTestCase):
    """Vectors, ranking, labels."""

    scenario = "inference"
    needs = "embed"
    skip = missing(*GGUF, *ONNX)

    def test_embed(self) -> None:
        """The two sentences about a cat are nearest to each other."""
        cat, shares, kitten = self.json("embed")["embeddings"]
        near = sum(a * b for a, b in zip(cat, kitten, strict=True))
        far = sum(a * b for a, b in zip(cat, shares, strict=True))
        self.assertGreater(near, far + 0.2)

    def test_rerank(self) -> None:
        """The document that answers is the one that is left."""
        [row] = self.json("rerank")["ranked"]
        self.assertEqual(row["index"], 0)

    def test_classify(self) -> None:
        """The label that fits comes first."""
        self.assertEqual(self.json("classify")["classifications"][0]["label"], "sports")


make_classes([ModelTests, ErrorTests, GenerationTests, TextTests], globals())
