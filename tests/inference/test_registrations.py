"""Tests of models.json, which official clients share."""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.inference.models import Cost, Delegated, Foreign, ModelSchema, Ollama, Performance
from car.inference.registrations import Registrations
from car.ir.json import convert, to_value
from tests.inference.doubles import model

AS_WRITTEN_BY_0_7 = """[
  {
    "id": "lab/echo:1",
    "name": "echo",
    "provider": "lab",
    "family": "echo",
    "version": "1",
    "capabilities": ["generate"],
    "context_length": 4096,
    "param_count": "",
    "quantization": null,
    "performance": {"latency_p50_ms": null, "latency_p99_ms": null, "tokens_per_second": null},
    "cost": {"input_per_mtok": null, "output_per_mtok": null, "size_mb": 12, "ram_mb": null},
    "source": {"type": "ollama", "model_tag": "x", "host": "http://localhost:11434"},
    "tags": ["a"],
    "supported_params": [],
    "public_benchmarks": []
  }
]"""

MEMBERS_0_7_REQUIRES = {
    *("id", "name", "provider", "family", "version", "capabilities", "context_length"),
    *("param_count", "quantization", "performance", "cost", "source", "tags"),
    *("supported_params", "public_benchmarks"),
}


class RegistrationsTests(SynchronousTestCase):
    """Registrations: the file that is shared, and memory without one."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "models.json"
        self.path.parent.mkdir()
        self.registrations = Registrations(self.path)

    def add(self, one: ModelSchema) -> None:
        self.registrations.add(one, to_value(one))

    def test_read_what_clients_write(self) -> None:
        """A file of a 0.7 client is read, whatever trust it claims to deserve."""
        self.path.write_text(AS_WRITTEN_BY_0_7.replace('"tags"', '"trust_tier": "x", "tags"'))
        [found] = self.registrations.models()
        self.assertEqual(found.source, Ollama(model_tag="x"))
        self.assertEqual(found.cost.size_mb, 12)
        self.assertEqual(found.trust_tier, "community")

    def test_written_for_clients(self) -> None:
        """An entry has every member, with its sizes whole: 0.7 drops a file with 12.0."""
        cost = Cost(input_per_mtok=0.5, size_mb=12.0, ram_mb=20.4)
        times = Performance(latency_p50_ms=9.6, tokens_per_second=7.5)
        self.add(model(cost=cost, performance=times, trust_tier="curated"))
        [row] = json.loads(self.path.read_text("utf-8"))
        self.assertLessEqual(MEMBERS_0_7_REQUIRES, row.keys())
        self.assertEqual(row["trust_tier"], "community")
        self.assertEqual(row["source"]["type"], "remote_api")
        self.assertIn('"size_mb": 12,', self.path.read_text("utf-8"))
        self.assertIn('"ram_mb": 20\n', self.path.read_text("utf-8"))
        self.assertIn('"latency_p50_ms": 10,', self.path.read_text("utf-8"))
        self.assertEqual(row["performance"]["tokens_per_second"], 7.5)

    def test_members_of_others(self) -> None:
        """What a client sent that means nothing to us is in the file, for those it does."""
        schema = {
            **to_value(model(source=Foreign())),
            "source": {"type": "proprietary", "endpoint": "https://far.example", "auth": {"k": 1}},
            "pricing": [1],
            "trust_tier": "curated",
        }
        self.registrations.add(convert(schema, ModelSchema), schema)
        [row] = json.loads(self.path.read_text("utf-8"))
        self.assertEqual((row["source"], row["pricing"]), (schema["source"], [1]))
        self.assertEqual(row["trust_tier"], "community")

    def test_add_and_remove(self) -> None:
        """The last of an id counts; removing says whether there was one; others see it at once."""
        elsewhere = Registrations(self.path)
        self.add(model(context_length=1))
        self.add(model("lab/other:1", source=Delegated()))
        self.add(model(context_length=2))
        found = {one.id: one.context_length for one in elsewhere.models()}
        self.assertEqual(found, {"lab/other:1": 0, "lab/echo:1": 2})
        self.assertTrue(elsewhere.remove("lab/echo:1"))
        self.assertFalse(elsewhere.remove("lab/echo:1"))
        self.assertEqual([one.id for one in self.registrations.models()], ["lab/other:1"])

    def test_entries_of_others(self) -> None:
        """An entry that means nothing to us is left out and stays in the file."""
        foreign = {"id": "new/kind:1", "source": {"type": "of_the_future"}}
        self.path.write_text(json.dumps([foreign]))
        self.assertEqual(self.registrations.models(), [])
        self.add(model())
        self.assertEqual([one.id for one in self.registrations.models()], ["lab/echo:1"])
        self.assertIn(foreign, json.loads(self.path.read_text("utf-8")))

    def test_broken(self) -> None:
        """A broken file is moved aside and does not stand in the way."""
        self.path.write_text("[{")
        self.assertEqual(self.registrations.models(), [])
        self.add(model())
        self.assertEqual(len(self.registrations.models()), 1)
        self.assertEqual(self.path.with_name("models.json.broken").read_text(), "[{")

    def test_without_a_file(self) -> None:
        """Without a file registrations last as long as the object."""
        held = Registrations(None)
        held.add(model(), {})
        self.assertEqual([one.id for one in held.models()], ["lab/echo:1"])
        self.assertTrue(held.remove("lab/echo:1"))
        self.assertEqual(held.models(), [])
