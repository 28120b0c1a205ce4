"""The official Python client, each version in a virtual environment of its own.

The client is only ever used through its public API, by ``drive_client.py`` in a child process.
"""

import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DRIVE_SECONDS = 60.0
"""Far more than any scenario takes; two of the client's own time-outs."""

ATTEMPTS = 3
"""Runs of a scenario: client 0.58.0 now and then aborts by itself ("exception not rethrown"),
with nothing amiss on the wire."""

_DRIVER = Path(__file__).with_name("drive_client.py")


class DriverFailed(Exception):
    """The child process ended without an outcome; the message has what it wrote."""


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
