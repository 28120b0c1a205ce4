"""Memory files, read and written by the reference's own engine."""

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.memgine import interchange
from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from tests.interop.clients import client
from tests.interop.official import drive

VERSION = "0.6.0"
"""The last but one that has the engine in the client (``CAR_FFI_MODE=embedded``)."""


class ReferenceFileTests(SynchronousTestCase):
    """The interchange form, both ways."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def drive(self) -> dict[str, Any]:
        """What the reference's engine did with our file."""
        environment = {
            "HOME": str(self.directory),
            "CAR_FFI_MODE": "embedded",
            "INTEROP_DIRECTORY": str(self.directory),
        }
        return drive(client(VERSION), "files", environment)

    def test_both_ways(self) -> None:
        """It reads what holds and nothing else of ours; we read all of its."""
        memory = Memgine()
        memory.add_fact(NewFact("fair", "the fair is in Oslo", id="f"), 1.0)
        memory.add_fact(NewFact("fair", "the fair is in Bergen", supersedes="f"), 2.0)
        memory.add_fact(NewFact("spend", "never over $500", kind="constraint"), 2.0)
        memory.ingest_conversation("Ann", "the fair was fun", 3.0)
        (self.directory / "ours.json").write_bytes(interchange.dump(memory))
        outcomes = self.drive()
        self.assertEqual(outcomes["count"], {"value": 2})
        self.assertIn("Bergen", outcomes["query"]["value"])
        self.assertNotIn("Oslo", outcomes["context"]["value"])
        theirs = interchange.load((self.directory / "theirs.json").read_bytes(), at=4.0)
        self.assertEqual(theirs.fact_count, 4)
        [gate] = theirs.graph.by_key("gate")
        self.assertTrue(gate.is_constraint)
        self.assertEqual(
            [hit.node.value for hit in theirs.query("crane", 1, 4.0)], ["lifts forty tons"]
        )
