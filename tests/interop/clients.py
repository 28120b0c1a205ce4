"""Test cases for the official client: eight released versions against a real daemon.

Each version runs ``drive_client.py`` in an environment of its own (``official.py``), once a
scenario; the tests look at what came of each step.  A version is one line of ``VERSIONS``:
what it can do is read from its recording.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.daemon import running_daemon
from tests.interop.frames import Capabilities, capabilities, read_recordings
from tests.interop.official import DriverFailed, drive
from tests.venvs import required_python

VERSIONS = (
    "0.6.0",
    "0.7.0",
    "0.8.2",
    "0.12.0",
    "0.22.0",
    "0.30.0",
    "0.48.0",
    "0.58.0",
)

CAPABILITIES = {
    version: capabilities(recording)
    for version, recording in read_recordings().items()
    if version in VERSIONS
}

_CODE = re.compile(r"-32\d{3}")


def client(version: str) -> Path:
    """The interpreter with *version*; skips the test, or fails it, where there is none."""
    return required_python(version, f"car-runtime=={version}")


@cache
def driven(version: str, scenario: str) -> dict[str, Any] | DriverFailed:
    """The outcomes of *scenario*, and the daemon's ``log`` under that name."""
    python = client(version)
    flags = () if CAPABILITIES[version].authenticates else ("--no-auth",)
    with running_daemon(*flags) as daemon:
        try:
            outcomes = drive(python, scenario, daemon.environment)
        except DriverFailed as problem:
            return problem
        daemon.stop()
        return {**outcomes, "log": daemon.logged}


class ClientTestCase(SynchronousTestCase):
    """One scenario of one version; the classes with tests are made at the end.

    ``needs`` names a call that a version must have for these tests.
    """

    version: ClassVar[str]
    scenario: ClassVar[str]
    needs: ClassVar[str] = "state_set"

    @property
    def can(self) -> Capabilities:
        """What this version can do."""
        return CAPABILITIES[self.version]

    def sends(self, call: str) -> bool:
        """Whether this version sends something for *call*."""
        return call in self.can.calls

    def outcome(self, step: str) -> Any:
        """What came of *step*."""
        outcomes = driven(self.version, self.scenario)
        if isinstance(outcomes, DriverFailed):
            raise outcomes
        return outcomes[step]

    def value(self, step: str) -> Any:
        """What *step* returned."""
        outcome = self.outcome(step)
        self.assertEqual([*outcome], ["value"], f"{step}: {outcome}")
        return outcome["value"]

    def json(self, step: str) -> Any:
        """The value in the JSON text that *step* returned."""
        return json.loads(self.value(step))

    def assert_raised(self, step: str, *texts: str) -> None:
        """*step* raised an error that contains *texts*."""
        outcome = self.outcome(step)
        self.assertIn("raised", outcome, step)
        for text in texts:
            self.assertIn(text, outcome["text"], step)

    def code(self, step: str) -> int | None:
        """The daemon's error code in what *step* raised; None if it was answered."""
        outcome = self.outcome(step)
        if "code" in outcome:
            return int(outcome["code"])
        found = _CODE.search(outcome.get("text", ""))
        return None if found is None else int(found[0])

    def results(self, step: str) -> dict[str, dict[str, Any]]:
        """The action results of the proposal that *step* ran, by action id."""
        return {result["action_id"]: result for result in self.json(step)["results"]}

    def assert_daemon_well(self) -> None:
        """The daemon logged no traceback and stopped in good order."""
        log = self.outcome("log")
        self.assertNotIn("Traceback", log)
        self.assertIn("Server Shut Down", log)


def make_classes(bases: Iterable[type[ClientTestCase]], module: dict[str, Any]) -> None:
    """Put a test case of each of *bases* for each version that has what it needs into *module*.

    The bases are taken out: without a version they are no tests.
    """
    for base in bases:
        for version in VERSIONS:
            if base.needs in CAPABILITIES[version].calls:
                name = f"{base.__name__.removesuffix('Tests')}_{version.replace('.', '_')}_Tests"
                members = {"version": version, "__doc__": base.__doc__}
                module[name] = type(name, (base,), {**members, "__module__": base.__module__})
        del module[base.__name__]
