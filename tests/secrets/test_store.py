"""Tests of car.secrets.store, in memory, in a file and by the real keyring library."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from keyring.backends import fail
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.secrets import index
from car.secrets.errors import (
    InvalidKey,
    InvalidValue,
    SecretError,
    SecretNotFound,
    SecretsUnavailable,
)
from car.secrets.store import MOST_VALUE_BYTES, KnownSecret, SecretStore
from tests.secrets.rings import FakeRing, LockedRing, offer
from tests.store.doubles import HeldThread, at_once

VALUE = "sesame-7Q"


class StoreCase(SynchronousTestCase):
    """A store whose thread is none."""

    environ = {"CAR_SECRET_BACKEND": "memory"}

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.clock = Clock()
        self.store = self.open()

    def open(self, **environ: str) -> SecretStore:
        """A store under the same root."""
        return SecretStore(self.root, {**self.environ, **environ}, at_once, self.clock)

    def result(self, call: Coroutine[Any, Any, Any]) -> Any:
        """What a call answers."""
        return self.successResultOf(Deferred.fromCoroutine(call))

    def refusal(self, call: Coroutine[Any, Any, Any], kind: type[SecretError]) -> str:
        """What a call that fails says."""
        failure: Failure = self.failureResultOf(Deferred.fromCoroutine(call), kind)
        self.assertNotIn(VALUE, failure.getTraceback() + repr(failure.value))
        return str(failure.value)


class MemoryTests(StoreCase):
    """What holds for every back end."""

    def test_round_trip(self) -> None:
        """A value is kept, found, replaced, forgotten."""
        self.result(self.store.put("K", VALUE))
        self.assertEqual(self.result(self.store.get("K")), VALUE)
        self.assertTrue(self.result(self.store.exists("K")))
        self.assertFalse(self.result(self.store.exists("K", "mail")))
        self.result(self.store.put("K", "second"))
        self.assertEqual(self.successResultOf(self.store.find("K")), "second")
        self.assertTrue(self.result(self.store.delete("K")))
        self.assertFalse(self.result(self.store.delete("K")))
        self.assertIn("'K' of the service 'car'", self.refusal(self.store.get("K"), SecretNotFound))
        self.assertIs(self.successResultOf(self.store.find("K")), None)
        self.assertIs(self.successResultOf(self.store.find("no name")), None)

    def test_known(self) -> None:
        """The index lists names; another process may have taken the value away."""
        self.result(self.store.put("B", VALUE))
        self.result(self.store.put("A", VALUE, "mail"))
        self.assertEqual(
            self.result(self.store.known()),
            [KnownSecret("car", "B", True), KnownSecret("mail", "A", True)],
        )
        self.result(self.store.delete("A", "mail"))
        self.assertEqual(self.result(self.open().known()), [KnownSecret("car", "B", False)])
        self.assertNotIn(VALUE, (self.root / "secret_index.json").read_text())

    def test_limits(self) -> None:
        """Names that are none and values that are too long are refused before any call."""
        self.refusal(self.store.put("a b", VALUE), InvalidKey)
        for call in (self.store.get("", "car"), self.store.delete("K", "/"), self.store.exists("")):
            self.refusal(call, InvalidKey)
        self.result(self.store.put("K", "é" * (MOST_VALUE_BYTES // 2)))
        told = self.refusal(self.store.put("K", "é" * (MOST_VALUE_BYTES // 2) + "x"), InvalidValue)
        self.assertIn("65536", told)

    def test_too_many(self) -> None:
        """When the index is full nothing is kept that would not be listed."""
        self.patch(index, "MOST_NAMES", 1)
        self.result(self.store.put("A", VALUE))
        self.refusal(self.store.put("B", VALUE), SecretsUnavailable)
        self.refusal(self.store.get("B"), SecretNotFound)

    def test_text_forms(self) -> None:
        """No text form of the store shows a value."""
        self.result(self.store.put("K", VALUE))
        self.assertNotIn(VALUE, repr(self.store) + str(vars(self.store)))

    def test_slow(self) -> None:
        """A store that does not answer within 30 s is unavailable, whoever asks."""
        store = SecretStore(self.root, self.environ, HeldThread(), self.clock)
        got = Deferred.fromCoroutine(store.get("K"))
        found = store.find("K")
        exists = Deferred.fromCoroutine(store.exists("K"))
        reason = Deferred.fromCoroutine(store.reason_unavailable())
        self.clock.advance(30)
        self.failureResultOf(got, SecretsUnavailable)
        self.assertIs(self.successResultOf(found), None)
        self.assertIs(self.successResultOf(exists), None)
        self.assertIn("30 s", self.successResultOf(reason))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class FileTests(StoreCase):
    """The encrypted file, as the environment asks for it."""

    environ = {"CAR_SECRET_BACKEND": "file"}

    def test_kept(self) -> None:
        """Another store under the same root finds what was kept; no file shows it."""
        self.result(self.store.put("K", VALUE))
        self.assertEqual(self.result(self.open().get("K")), VALUE)
        files = [path for path in self.root.rglob("*") if path.is_file()]
        self.assertEqual(len(files), 3)
        for path in files:
            self.assertNotIn(VALUE.encode(), path.read_bytes())
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_key(self) -> None:
        """A key in the environment is used; a wrong one makes the store unavailable."""
        self.result(self.open(CAR_SECRET_KEY="0f" * 32).put("K", VALUE))
        self.assertFalse((self.root / "secrets" / "secret.key").exists())
        reason = self.result(self.open(CAR_SECRET_KEY="short").reason_unavailable())
        self.assertIn("CAR_SECRET_KEY", reason)
        self.refusal(self.open(CAR_SECRET_KEY="short").get("K"), SecretsUnavailable)


class KeyringTests(StoreCase):
    """The system's keyring, which is the first choice."""

    environ: dict[str, str] = {}

    def test_first_choice(self) -> None:
        """Without a word the keyring is taken, once."""
        offer(self, FakeRing, fail.Keyring)
        self.result(self.store.put("K", VALUE))
        offer(self, fail.Keyring)
        self.assertEqual(self.result(self.store.get("K")), VALUE)
        self.assertIs(self.result(self.store.reason_unavailable()), None)

    def test_none(self) -> None:
        """Without a keyring nothing is kept; one that appears later is taken."""
        offer(self, fail.Keyring)
        self.refusal(self.store.put("K", VALUE), SecretsUnavailable)
        self.assertEqual(list(self.root.parent.glob(f"{self.root.name}/*")), [])
        self.assertIs(self.result(self.store.exists("K")), None)
        reason = self.result(self.store.reason_unavailable())
        self.assertTrue(reason.startswith("no OS keyring ("), reason)
        offer(self, FakeRing, fail.Keyring)
        self.result(self.store.put("K", VALUE))

    def test_locked(self) -> None:
        """With a keyring that stays locked, names are listed and nothing is known of them."""
        offer(self, FakeRing)
        self.result(self.store.put("K", VALUE))
        offer(self, LockedRing)
        self.assertEqual(self.result(self.open().known()), [KnownSecret("car", "K", None)])

    def test_unknown(self) -> None:
        """A back end that is none is refused with those that there are."""
        told = self.refusal(self.open(CAR_SECRET_BACKEND="vault").get("K"), SecretsUnavailable)
        self.assertIn("must be keyring, file or memory", told)
