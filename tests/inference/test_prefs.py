"""Tests of update preferences and dismissed suggestions."""

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from car.inference import prefs as prefs_module
from car.inference.errors import InvalidRequest
from car.inference.prefs import LONGEST_KEY, Prefs, PrefsChange, UpdatePrefs


class PrefsTests(SynchronousTestCase):
    """Prefs: kept, changed, bounded."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "models" / "prefs.json"
        self.prefs = self.open()

    def open(self, path: Path | None = None) -> Prefs:
        """Preferences as they were saved."""
        prefs = Prefs(path or self.path, maybeDeferred)
        self.result(prefs.load())
        return prefs

    def result(self, what: Coroutine["Deferred[Any]", Any, Any]) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(what))

    def refusal(self, what: Coroutine["Deferred[Any]", Any, Any]) -> str:
        failure = self.failureResultOf(Deferred.fromCoroutine(what), InvalidRequest)
        return str(failure.value)

    def test_defaults(self) -> None:
        """Unless told otherwise: stable models, told of, never fetched unasked."""
        self.assertEqual(self.prefs.update, UpdatePrefs("stable", "notify", None, True))

    def test_partial(self) -> None:
        """What is not named stays; all of it outlives the daemon."""
        self.result(self.prefs.change(PrefsChange(policy="auto", disk_budget_mb=500)))
        changed = self.result(self.prefs.change(PrefsChange(keep_old_until_verified=False)))
        self.assertEqual(changed, UpdatePrefs("stable", "auto", 500, False))
        self.assertEqual(self.open().update, changed)

    def test_budget(self) -> None:
        """A budget of 0 lifts it; a negative one is refused."""
        self.result(self.prefs.change(PrefsChange(disk_budget_mb=500)))
        self.result(self.prefs.change(PrefsChange(disk_budget_mb=0)))
        self.assertIsNone(self.prefs.update.disk_budget_mb)
        told = self.refusal(self.prefs.change(PrefsChange(disk_budget_mb=-1)))
        self.assertIn("disk_budget_mb", told)

    def test_dismissed(self) -> None:
        """A dismissed key stays dismissed; the oldest of too many is forgotten."""
        self.patch(prefs_module, "MOST_DISMISSED", 2)
        for key in ("a", "b", "a", "c"):
            self.result(self.prefs.dismiss(key))
        again = self.open()
        self.assertEqual([again.is_dismissed(key) for key in "abc"], [True, False, True])
        for key in ("", "x" * (LONGEST_KEY + 1)):
            self.assertIn("dismiss_key", self.refusal(self.prefs.dismiss(key)))

    def test_broken(self) -> None:
        """A broken file is moved aside and the defaults hold."""
        self.path.parent.mkdir(parents=True)
        self.path.write_text('{"prefs": {"policy": "sometimes"}}')
        self.assertEqual(self.open().update, UpdatePrefs())
        self.assertEqual(os.listdir(self.path.parent), ["prefs.json.broken"])

    def test_not_written(self) -> None:
        """A change that cannot be written holds for now and says so."""
        self.path.mkdir(parents=True)
        prefs = self.open()
        self.assertIn("not written", self.refusal(prefs.change(PrefsChange(policy="off"))))
        self.assertEqual(prefs.update.policy, "off")

    def test_without_a_file(self) -> None:
        """Without a file they are held in memory."""
        prefs = Prefs(None, maybeDeferred)
        self.result(prefs.load())
        self.result(prefs.change(PrefsChange(channel="latest")))
        self.assertEqual(prefs.update.channel, "latest")
