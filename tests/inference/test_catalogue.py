"""Tests of the built-in models: that the data is sound, and modest."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.inference.catalogue import read_catalogue
from car.inference.models import Local, RemoteApi

CAPABILITIES = {
    "generate",
    "embed",
    "classify",
    "code",
    "reasoning",
    "summarize",
    "tool_use",
    "multi_tool_call",
    "vision",
}


class CatalogueTests(SynchronousTestCase):
    """catalogue.toml: what stands in it."""

    catalogue = read_catalogue()

    def test_ids(self) -> None:
        """Ids are ``provider/name:variant`` and each occurs once."""
        ids = [model.id for model in self.catalogue.models]
        self.assertEqual(len(ids), len(set(ids)))
        for one in self.catalogue.models:
            self.assertRegex(one.id, r"^[a-z]+/[a-z0-9.-]+:[a-z0-9_]+$")
            self.assertEqual(one.provider, one.id.partition("/")[0])

    def test_members(self) -> None:
        """Each has a context, capabilities of the protocol's, and the trust of the catalogue."""
        for one in self.catalogue.models:
            self.assertGreater(one.context_length, 0, one.id)
            self.assertTrue(one.capabilities, one.id)
            self.assertEqual(set(one.capabilities) - CAPABILITIES, set(), one.id)
            self.assertEqual(one.trust_tier, "curated")

    def test_protocols(self) -> None:
        """The providers' own formats are all there, over TLS and with a key."""
        remote = [m.source for m in self.catalogue.models if isinstance(m.source, RemoteApi)]
        self.assertEqual(
            {source.protocol for source in remote},
            {"open_ai_compat", "open_ai_responses", "anthropic", "google"},
        )
        for source in remote:
            self.assertTrue(source.endpoint.startswith("https://"))
            self.assertTrue(source.key_names)

    def test_prices(self) -> None:
        """A price is there whole or not at all, and answers cost no less than prompts."""
        for one in self.catalogue.models:
            cost = one.cost
            self.assertEqual(cost.input_per_mtok is None, cost.output_per_mtok is None, one.id)
            if cost.output_per_mtok and cost.input_per_mtok:
                self.assertLess(cost.input_per_mtok, cost.output_per_mtok, one.id)
                self.assertLess(cost.cache_read_input_per_mtok or 0, cost.input_per_mtok, one.id)

    def test_local(self) -> None:
        """Files lie under the models directory and have a place to be pulled from."""
        for one in self.catalogue.models:
            if isinstance(one.source, Local):
                self.assertEqual(Path(one.source.path).name, one.source.path)
                self.assertTrue(one.source.hf_repo and one.source.hf_filename)
                self.assertTrue(one.cost.size_mb)

    def test_upgrades(self) -> None:
        """What replaces what is in the catalogue, and has a reason."""
        ids = {model.id for model in self.catalogue.models}
        for upgrade in self.catalogue.upgrades:
            self.assertLessEqual({upgrade.from_id, upgrade.to_id}, ids)
            self.assertNotEqual(upgrade.from_id, upgrade.to_id)
            self.assertTrue(upgrade.reason)
