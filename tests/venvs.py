"""Packages that must not mix with ours, each set in a virtual environment of its own.

The environments are made on demand in ``CAR_INTEROP_VENVS`` (``.tox/interop-venvs`` in the
checkout by default) and kept.  What runs in them is left to the tests that need it.
"""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SkipTest

CHECKOUT = Path(__file__).parents[1]

VENVS = "CAR_INTEROP_VENVS"
REQUIRED = "CAR_INTEROP_REQUIRED"

VENV_SECONDS = 60.0
INSTALL_SECONDS = 300.0
"""The largest wheel, a client's, has 45 MB."""

_REQUIREMENT = re.compile(r"([a-z-]+)(?:\[[a-z]+\])?==([0-9.]+)")


def required_python(name: str, *requirements: str) -> Path:
    """The interpreter of the environment *name*, which has *requirements*: ``package==version``.

    Skips the test where there is none, or fails it if ``CAR_INTEROP_REQUIRED`` is 1.
    """
    found = find_python(name, *requirements)
    if isinstance(found, Path):
        return found
    if os.environ.get(REQUIRED) == "1":
        raise AssertionError(found)
    raise SkipTest(found)


@cache
def find_python(name: str, *requirements: str) -> Path | str:
    """As `required_python` has it, installed if need be; a text says why there is none."""
    root = Path(os.environ.get(VENVS) or CHECKOUT / ".tox" / "interop-venvs")
    directory = root / name
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if all(_is_installed(directory, requirement) for requirement in requirements):
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--only-binary=:all:", *requirements]
    wanted = " and ".join(requirements)
    try:
        _run([sys.executable, "-m", "venv", "--clear", str(directory)], VENV_SECONDS)
        _run(pip, INSTALL_SECONDS)
    except subprocess.CalledProcessError as problem:
        _, _, reason = problem.stderr.strip().rpartition("\n")
        return f"{wanted} cannot be installed: {reason}"
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"{wanted} cannot be installed: {problem}"
    return python


def _is_installed(directory: Path, requirement: str) -> bool:
    """Whether a package was installed to its end, as its RECORD is written last."""
    match = _REQUIREMENT.fullmatch(requirement)
    assert match is not None, requirement
    record = f"{match[1].replace('-', '_')}-{match[2]}.dist-info/RECORD"
    return any(directory.glob(f"[Ll]ib/**/site-packages/{record}"))


def _run(command: list[str], timeout: float) -> None:
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
