"""The providers' own SDKs, in a virtual environment that is made on demand and kept.

They are only ever used by ``drive_sdk.py`` in a child process, against the stand-ins in
another: what the SDKs accept there is what the providers' wire formats are.  Where the
environment cannot be made the tests are skipped, or fail if ``CAR_INTEROP_REQUIRED`` is 1.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.inference.standins.script import KEY

PACKAGES = ("openai==3.54.0", "anthropic==2.12.0", "google-genai==3.4.0")

INSTALL_SECONDS = 300.0
DRIVE_SECONDS = 120.0

_CHECKOUT = Path(__file__).parents[3]
_DRIVER = Path(__file__).with_name("drive_sdk.py")
_DONE = "provider-sdks.json"


class SDKTestCase(SynchronousTestCase):
    """Tests on the ``outcomes`` of the steps that one ``sdk`` took."""

    sdk = ""
    bodies: Mapping[str, Any] = {}

    def setUp(self) -> None:
        python = find_sdks()
        if isinstance(python, str):
            if os.environ.get("CAR_INTEROP_REQUIRED") == "1":
                self.fail(python)
            raise SkipTest(python)
        self.outcomes = drive(python, self.sdk, json.dumps(self.bodies))

    def assertOutcome(self, step: str, **expected: Any) -> None:
        """The *step* gave at least what is *expected*."""
        outcome = self.outcomes[step]
        found = {name: outcome.get(name) for name in expected}
        self.assertEqual(found, expected, (step, outcome))


@cache
def find_sdks() -> Path | str:
    """The Python interpreter that has the SDKs, installed if need be.

    A text says why there is none.
    """
    root = Path(os.environ.get("CAR_INTEROP_VENVS") or _CHECKOUT / ".tox" / "interop-venvs")
    directory = root / "provider-sdks"
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = directory / _DONE
    if done.exists() and json.loads(done.read_text()) == list(PACKAGES):
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--only-binary=:all:", *PACKAGES]
    try:
        for command in ([sys.executable, "-m", "venv", "--clear", str(directory)], pip):
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
    except subprocess.CalledProcessError as problem:
        _, _, reason = problem.stderr.strip().rpartition("\n")
        return f"the providers' SDKs cannot be installed: {reason}"
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"the providers' SDKs cannot be installed: {problem}"
    done.write_text(json.dumps(PACKAGES))
    return python


@cache
def drive(python: Path, sdk: str, bodies: str) -> dict[str, Any]:
    """The outcome of each step of *sdk* against the stand-ins; *bodies* are its input."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.inference.standins"],
        cwd=_CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        done = subprocess.run(
            [str(python), str(_DRIVER), sdk, port, KEY],
            input=bodies,
            capture_output=True,
            text=True,
            timeout=DRIVE_SECONDS,
            env={"PATH": os.environ.get("PATH", ""), "NO_PROXY": "127.0.0.1"},
        )
    if done.returncode:
        raise AssertionError(f"Status {done.returncode}:\n{done.stdout}\n{done.stderr}")
    outcomes: dict[str, Any] = json.loads(done.stdout)
    return outcomes
