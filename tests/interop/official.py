"""The official Python client, each version in a virtual environment of its own.

The environments are made on demand in ``CAR_INTEROP_VENVS`` (``.tox/interop-venvs`` in the
checkout by default) and kept.  Where one cannot be made, its tests are skipped, or fail if
``CAR_INTEROP_REQUIRED`` is 1.  The client is only ever used through its public API, by
``drive_client.py`` in a child process.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.interop.daemon import CHECKOUT

VENVS = "CAR_INTEROP_VENVS"
REQUIRED = "CAR_INTEROP_REQUIRED"

PACKAGE = "car-runtime"

VENV_SECONDS = 60.0
INSTALL_SECONDS = 240.0
"""The largest wheel has 45 MB."""

DRIVE_SECONDS = 60.0
"""Far more than any scenario takes; two of the client's own time-outs."""

ATTEMPTS = 3
"""Runs of a scenario: client 0.58.0 now and then aborts by itself ("exception not rethrown"),
with nothing amiss on the wire."""

_DRIVER = Path(__file__).with_name("drive_client.py")


class DriverFailed(Exception):
    """The child process ended without an outcome; the message has what it wrote."""


def is_required() -> bool:
    """Whether a client that cannot be installed is a failure."""
    return os.environ.get(REQUIRED) == "1"


@cache
def find_client(version: str) -> Path | str:
    """The Python interpreter that has the client's *version*, installed if need be.

    A text says why there is none.
    """
    root = Path(os.environ.get(VENVS) or CHECKOUT / ".tox" / "interop-venvs")
    directory = root / version
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if any(directory.glob(f"[Ll]ib/**/site-packages/car_runtime-{version}.dist-info/RECORD")):
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--only-binary=:all:", f"{PACKAGE}=={version}"]
    try:
        _run([sys.executable, "-m", "venv", "--clear", str(directory)], VENV_SECONDS)
        _run(pip, INSTALL_SECONDS)
    except subprocess.CalledProcessError as problem:
        _, _, reason = problem.stderr.strip().rpartition("\n")
        return f"{PACKAGE} {version} cannot be installed: {reason}"
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"{PACKAGE} {version} cannot be installed: {problem}"
    return python


def drive(python: Path, scenario: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a *scenario* of ``drive_client.py`` with *environment* as its whole environment.

    The outcome of each step by name.  Raises DriverFailed.
    """
    for _ in range(ATTEMPTS):
        try:
            done = subprocess.run(
                [str(python), str(_DRIVER), scenario],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=DRIVE_SECONDS,
            )
        except subprocess.TimeoutExpired as problem:
            raise DriverFailed(f"No outcome in {DRIVE_SECONDS:.0f} s: {problem.stderr!r}") from None
        if done.returncode != -signal.SIGABRT:
            break
    if done.returncode:
        raise DriverFailed(f"Status {done.returncode}:\n{done.stdout}\n{done.stderr}")
    outcomes: dict[str, Any] = json.loads(done.stdout)
    return outcomes


def _run(command: list[str], timeout: float) -> None:
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
