"""Tests of docs/embedding.md: its example runs."""

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.docs.tables import CHECKOUT, DOCS

EXAMPLE_SECONDS = 30.0
"""Within which the example ends; it takes about one on an idle machine."""


class EmbeddingTests(SynchronousTestCase):
    """docs/examples/server/embedding.py, in a process of its own."""

    def test_example(self) -> None:
        """The daemon starts inside a program, runs a plan, records it, and stops cleanly."""
        done = subprocess.run(
            [sys.executable, str(DOCS / "examples" / "server" / "embedding.py")],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=EXAMPLE_SECONDS,
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(
            done.stdout.splitlines(),
            ["succeeded {'hits': ['barn owl']}", "8 lines of journal"],
        )
