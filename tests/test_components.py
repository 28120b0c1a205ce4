"""Tests of optional libraries and of the name that this daemon was installed under."""

from collections.abc import Iterable
from importlib import metadata
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.trial.unittest import SynchronousTestCase

from car.components import MissingComponent, import_component, own_distribution


class FakeDistribution:
    """An installed distribution with these packages."""

    def __init__(self, name: str, packages: str | None) -> None:
        self.metadata = {"Name": name}
        self._packages = packages

    def read_text(self, name: str) -> str | None:
        """The list of packages."""
        assert name == "top_level.txt"
        return self._packages


class OwnDistributionTests(SynchronousTestCase):
    """own_distribution: by what is installed, never written out."""

    def installed(self, *found: Any) -> None:
        """Have only these installed."""

        def distributions() -> Iterable[Any]:
            return found

        self.patch(metadata, "distributions", distributions)

    def test_found(self) -> None:
        """The distribution that has the package, whatever else is there."""
        self.installed(
            FakeDistribution("a", None),
            FakeDistribution("race", "race\ncargo"),
            FakeDistribution("some-dist", "car\ntwisted"),
        )
        self.assertEqual(own_distribution(), "some-dist")

    def test_not_installed(self) -> None:
        """A checkout that was not installed has its package's name."""
        self.installed(FakeDistribution("a", "b"))
        self.assertEqual(own_distribution(), "car")

    def test_this_one(self) -> None:
        """It agrees with what the library finds by reading everything."""
        expected = metadata.packages_distributions().get("car", ["car"])
        self.assertIn(own_distribution(), expected)


class ComponentTests(SynchronousTestCase):
    """import_component"""

    def test_missing(self) -> None:
        """A library that is missing is told with the command that installs it."""
        with self.assertRaises(MissingComponent) as caught:
            import_component("no_such_library", "local", "running a GGUF model")
        self.assertRegex(
            str(caught.exception),
            r"^running a GGUF model needs the optional package no_such_library; "
            r'install it with: pip install "\S+\[local\]"$',
        )

    def test_present(self) -> None:
        """One that is there is imported."""
        self.assertIs(import_component("psutil", "local", "counting"), psutil)
