"""Tests of what is installed: the plugin, the version, what importing costs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

import car

CHECKOUT = Path(__file__).resolve().parents[1]


class PluginTests(SynchronousTestCase):
    """The plugin of ``twistd``."""

    def test_once(self) -> None:
        """It is found exactly once."""
        makers: list[Any] = list(getPlugins(IServiceMaker))
        found = [maker for maker in makers if maker.tapname == "car"]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0].module, "car.tap")

    def test_imports_nothing(self) -> None:
        """Listing it imports neither the daemon nor a reactor."""
        code = (
            "import sys, twisted.plugins.car_plugin\n"
            "print([m for m in ('car.tap', 'car.application', 'twisted.internet.reactor')"
            " if m in sys.modules])"
        )
        listed = subprocess.run(
            [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
        )
        self.assertEqual(listed.stdout.strip(), "[]")

    def test_namespace(self) -> None:
        """There is no ``__init__.py`` under twisted/: it would hide Twisted or the plugin."""
        self.assertEqual(list((CHECKOUT / "twisted").rglob("__init__.py")), [])


class PackageTests(SynchronousTestCase):
    """The package."""

    def test_version(self) -> None:
        """It has a version."""
        self.assertRegex(car.__version__, r"\A\d+\.\d+")

    def test_typed(self) -> None:
        """It says that it is typed."""
        self.assertTrue((Path(car.__file__).parent / "py.typed").exists())

    def test_packages(self) -> None:
        """Every directory with modules is a package, of the product and of the tests."""
        for top in ("car", "tests"):
            for module in (CHECKOUT / top).rglob("*.py"):
                self.assertTrue((module.parent / "__init__.py").exists(), module)
