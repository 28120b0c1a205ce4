"""The providers' own SDKs, in a virtual environment of their own.

They are only ever used by ``drive_sdk.py`` in a child process, against the stand-ins in
another: what the SDKs accept there is what the providers' wire formats are.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.inference.standins.script import KEY
from tests.venvs import CHECKOUT, required_python

PACKAGES = ("openai==3.54.0", "anthropic==2.12.0", "google-genai==3.4.0")

DRIVE_SECONDS = 120.0

_DRIVER = Path(__file__).with_name("drive_sdk.py")


class SDKTestCase(SynchronousTestCase):
    """Tests on the ``outcomes`` of the steps that one ``sdk`` took."""

    sdk = ""
    bodies: Mapping[str, Any] = {}

    def setUp(self) -> None:
        python = required_python("provider-sdks", *PACKAGES)
        self.outcomes = drive(python, self.sdk, json.dumps(self.bodies))

    def assertOutcome(self, step: str, **expected: Any) -> None:
        """The *step* gave at least what is *expected*."""
        outcome = self.outcomes[step]
        found = {name: outcome.get(name) for name in expected}
        self.assertEqual(found, expected, (step, outcome))


@cache
def drive(python: Path, sdk: str, bodies: str) -> dict[str, Any]:
    """The outcome of each step of *sdk* against the stand-ins; *bodies* are its input."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.inference.standins"],
        cwd=CHECKOUT,
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
