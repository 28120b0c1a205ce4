"""Holds the built distributions to what a user expects of them.

    python .ci/check_package.py DIST_DIRECTORY

The wheel carries the plugin and the marker of types, and no tests; installed from the wheel
and installed editable, the daemon is known to ``twistd`` from any directory.
"""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).resolve().parents[1]

IN_WHEEL = ("twisted/plugins/car_plugin.py", "car/py.typed", "car/tap.py")
IN_SDIST = ("tests/test_settings.py", "docs/conf.py", "tox.ini", "LICENSE", "README.md")
NOT_IN_WHEEL = ("tests/", "docs/", "benchmarks/", "build/")


def check_contents(dist: Path) -> Path:
    """Look into both distributions of *dist*; answers the wheel."""
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    missing = [name for name in IN_WHEEL if name not in names]
    surplus = [name for name in names if name.startswith(NOT_IN_WHEEL)]
    # A package of ours under these names would hide Twisted's own.
    surplus += {"twisted/__init__.py", "twisted/plugins/__init__.py"} & set(names)
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = [name.partition("/")[2] for name in archive.getnames()]
    missing += [f"{name} (sdist)" for name in IN_SDIST if name not in inside]
    if missing or surplus:
        sys.exit(f"missing: {missing}; not to be there: {surplus[:10]}")
    return wheel


def check_install(*what: str) -> None:
    """Install *what* into a fresh environment and look for the daemon from elsewhere."""
    with TemporaryDirectory(prefix="car-package-") as directory:
        venv.create(directory, with_pip=True)
        programs = Path(directory, "Scripts" if os.name == "nt" else "bin")
        elsewhere = Path(directory, "elsewhere")
        elsewhere.mkdir()

        def output(program: str, *arguments: str) -> str:
            command = [str(programs / program), *arguments]
            return subprocess.run(
                command, cwd=elsewhere, check=True, text=True, stdout=subprocess.PIPE
            ).stdout

        output("python", "-m", "pip", "install", "--quiet", *what)
        listed = [line.split()[:1] for line in output("twistd", "--help").splitlines()]
        if listed.count(["car"]) != 1:
            sys.exit(f"twistd --help does not list car once after pip install {' '.join(what)}")
        if "--durability" not in output("twistd", "car", "--help"):
            sys.exit("twistd car --help does not show the options")
        output("car", "--version")
        print(f"pip install {' '.join(what)}: twistd knows car")


def main() -> None:
    """Check everything; the first thing wrong ends it with status 1."""
    wheel = check_contents(Path(sys.argv[1]))
    check_install(str(wheel))
    check_install("-e", str(CHECKOUT))


if __name__ == "__main__":
    main()
