"""Tests of models as rows of the wire."""

from twisted.trial.unittest import SynchronousTestCase

from car.inference.catalogue import Upgrade
from car.inference.models import Cost, Local
from car.inference.registry import Snapshot
from car.inference.rows import Filter, legacy_rows, search, unified_row, upgrade_rows
from tests.inference.doubles import known, local, model

UNIFIED_0_6 = [
    *("id", "name", "provider", "capabilities", "param_count", "size_mb"),
    *("context_length", "available", "is_local", "public_benchmarks"),
]

OLD = model("lab/old:1", tags=["fast"], capabilities=["generate", "code"], family="words")
FILE = model(
    "qwen/tiny:q4",
    Local(path="t.gguf", hf_repo="r", hf_filename="t.gguf", tokenizer_repo="k"),
    provider="qwen",
    param_count="0.6B",
    cost=Cost(size_mb=638.6),
)
SNAPSHOT = Snapshot(
    [
        known(OLD),
        known(FILE, available=False, weights_ready=False),
        known(local("lab/here:q4", capabilities=["embed"])),
    ],
    [Upgrade("lab/old:1", "qwen/tiny:q4", "is new"), Upgrade("qwen/tiny:q4", "gone:1", "x")],
)


class RowTests(SynchronousTestCase):
    """unified_row, legacy_rows, upgrade_rows."""

    def test_unified(self) -> None:
        """The members of 0.6 first, in their order, then the later ones."""
        entry = SNAPSHOT.find("tiny")
        row = unified_row(entry)
        self.assertEqual(list(row)[: len(UNIFIED_0_6)], UNIFIED_0_6)
        self.assertEqual((row["size_mb"], row["is_local"], row["available"]), (639, True, False))
        self.assertEqual((row["weights_ready"], row["downloads_weights"]), (False, True))
        self.assertEqual(row["cost"]["pricing_tiers"], [])
        self.assertIsNone(row["cost"]["input_per_mtok"])
        self.assertEqual(unified_row(SNAPSHOT.find("old"))["size_mb"], 0)

    def test_legacy(self) -> None:
        """Only models that run from files, with the part that their size gives them."""
        here, tiny = legacy_rows(SNAPSHOT)
        self.assertEqual(
            tiny,
            {
                "name": "tiny",
                "hf_repo": "r",
                "hf_filename": "t.gguf",
                "tokenizer_repo": "k",
                "role": "small",
                "param_count": "0.6B",
                "quantized_size_mb": 639,
                "downloaded": False,
            },
        )
        self.assertEqual((here["role"], here["downloaded"]), ("embedding", True))
        for count, role in (("1.7B", "medium"), ("8B", "large"), ("30B", "expert")):
            [row] = legacy_rows(Snapshot([known(local(param_count=count))]))
            self.assertEqual(row["role"], role)

    def test_upgrades(self) -> None:
        """Only what replaces a model that can be used, by one that is known."""
        [row] = upgrade_rows(SNAPSHOT)
        self.assertEqual((row["from_name"], row["to_name"]), ("old", "tiny"))
        self.assertEqual((row["target_available"], row["target_pullable"]), (False, True))
        self.assertEqual(row["minimum_runtimes"], [])
        self.assertFalse(row["remove_old_supported"])


class SearchTests(SynchronousTestCase):
    """search: what is found, what is counted."""

    def found(self, wanted: Filter) -> list[str]:
        return [row["name"] for row in search(SNAPSHOT, wanted, None)["models"]]

    def test_filters(self) -> None:
        """Each filter by itself, and words of the query together."""
        for wanted, names in (
            (Filter(), ["here", "old", "tiny"]),
            (Filter("LAB"), ["here", "old"]),
            (Filter("lab fast"), ["old"]),
            (Filter("words"), ["old"]),
            (Filter("lab nothing"), []),
            (Filter(capability="embed"), ["here"]),
            (Filter(provider="qwen"), ["tiny"]),
            (Filter(local_only=True), ["here", "tiny"]),
            (Filter(available_only=True), ["here", "old"]),
        ):
            self.assertEqual(self.found(wanted), names)

    def test_counts(self) -> None:
        """Counts are of all that match, rows of as many as are wanted."""
        told = search(SNAPSHOT, Filter(), 2)
        self.assertEqual(len(told["models"]), 2)
        counts = [told[name] for name in ("total", "available", "local", "remote")]
        self.assertEqual(counts, [3, 2, 2, 1])

    def test_row(self) -> None:
        """A row says what it could be replaced by."""
        told = search(SNAPSHOT, Filter("old"), None)
        [row] = told["models"]
        self.assertEqual(row["upgrade"], told["upgrades"][0])
        self.assertEqual((row["family"], row["tags"], row["pullable"]), ("words", ["fast"], False))
        [tiny] = search(SNAPSHOT, Filter("tiny"), None)["models"]
        self.assertNotIn("upgrade", tiny)
        self.assertTrue(tiny["pullable"])
