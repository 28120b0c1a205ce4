"""A tools root with an outside that nothing may reach, for the tests of the file tools."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.engine.basics.root import ToolsRoot

SECRET = "the secret outside"


class RootTestCase(SynchronousTestCase):
    """``outside/secret.txt`` beside ``root/``, which has a few files and links outwards."""

    def setUp(self) -> None:
        base = Path(os.path.realpath(self.mktemp()))
        self.outside = base / "outside"
        self.path = base / "root"
        (self.outside / "sub").mkdir(parents=True)
        (self.path / "src" / "deep").mkdir(parents=True)
        (self.outside / "secret.txt").write_text(SECRET)
        (self.outside / "sub" / "inner.txt").write_text(SECRET)
        (self.path / "a.txt").write_text("alpha\nbeta\ngamma\n")
        (self.path / "src" / "one.py").write_text("import os\n")
        (self.path / "src" / "deep" / "two.py").write_text("import sys\n# beta\n")
        (self.path / "link").symlink_to(self.outside / "secret.txt")
        (self.path / "out").symlink_to(self.outside)
        (self.path / "up").symlink_to("..")
        (self.path / "loop").symlink_to("loop")
        (self.path / "inside").symlink_to("src")
        self.root = ToolsRoot(self.path)

    def world_outside(self) -> dict[str, str]:
        """Every file outside with its content."""
        return {
            str(path.relative_to(self.outside)): path.read_text()
            for path in sorted(self.outside.rglob("*"))
            if path.is_file()
        }
