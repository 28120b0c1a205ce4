"""Tests of car.secrets.keyring_backend, by the real library with keyrings of our own."""

from keyring.backend import KeyringBackend as Ring
from keyring.backends import chainer, fail
from keyring.errors import KeyringError
from twisted.trial.unittest import SynchronousTestCase

from car.secrets.errors import InvalidValue, SecretsUnavailable
from car.secrets.keyring_backend import KeyringBackend
from car.secrets.names import SecretName
from tests.secrets.rings import FakeRing, LockedRing, WeakRing, offer

NAME = SecretName("car", "OPENAI_API_KEY")

VALUE = "sesame-7Q"


class KeyringTests(SynchronousTestCase):
    """KeyringBackend: values in and out, and failures that tell nothing."""

    def setUp(self) -> None:
        self.ring = FakeRing()
        self.backend = KeyringBackend(self.ring, "linux")

    def test_round_trip(self) -> None:
        """A value is kept under service and key, replaced, and forgotten once."""
        self.assertIs(self.backend.get(NAME), None)
        for value in (VALUE, "second", ""):
            self.backend.put(NAME, value)
            self.assertEqual(self.backend.get(NAME), value)
        self.assertEqual(self.ring.values, {("car", "OPENAI_API_KEY"): ""})
        self.assertTrue(self.backend.delete(NAME))
        self.assertFalse(self.backend.delete(NAME))

    def test_failure(self) -> None:
        """Whatever a keyring raises is told by its type; what it says may hold the value."""
        for problem in (RuntimeError(VALUE), OSError(VALUE), KeyringError(VALUE)):
            self.ring.problem = problem
            for call in (
                lambda: self.backend.put(NAME, VALUE),
                lambda: self.backend.get(NAME),
                lambda: self.backend.delete(NAME),
            ):
                told = self.assertRaises(SecretsUnavailable, call)
                self.assertIn(type(problem).__name__, str(told))
                self.assertNotIn(VALUE, str(told))
                self.assertIs(told.__cause__, None)

    def test_locked(self) -> None:
        """A keyring that stays locked says what to do."""
        told = self.assertRaises(
            SecretsUnavailable, KeyringBackend(LockedRing(), "linux").get, NAME
        )
        self.assertIn("unlock it", str(told))
        self.assertNotIn(VALUE, str(told))

    def test_windows(self) -> None:
        """Windows takes 1,280 characters; others are not held to that."""
        windows = KeyringBackend(self.ring, "win32")
        windows.put(NAME, "x" * 1280)
        told = self.assertRaises(InvalidValue, windows.put, NAME, "x" * 1281)
        self.assertIn("1280", str(told))
        self.backend.put(NAME, "x" * 1281)


class ChoiceTests(SynchronousTestCase):
    """KeyringBackend.strongest: which keyring is taken."""

    def taken(self, *, weak: bool = False) -> type[Ring]:
        """The kind of keyring that is taken."""
        return type(KeyringBackend.strongest(weak=weak)._ring)

    def test_strongest(self) -> None:
        """The highest priority wins; the library's chain of all counts for nothing."""
        offer(self, WeakRing, FakeRing, LockedRing, fail.Keyring, chainer.ChainerBackend)
        self.assertIs(self.taken(), FakeRing)

    def test_weak(self) -> None:
        """A weak one is taken only on demand."""
        offer(self, WeakRing, fail.Keyring)
        told = self.assertRaises(SecretsUnavailable, self.taken)
        self.assertIn("CAR_SECRET_BACKEND=keyring takes it", str(told))
        self.assertIs(self.taken(weak=True), WeakRing)

    def test_configured(self) -> None:
        """What the user has configured wins over priority."""
        offer(self, FakeRing, fail.Keyring, configured="tests.secrets.rings.LockedRing")
        self.assertIs(self.taken(), LockedRing)
        offer(self, FakeRing, fail.Keyring, configured="tests.secrets.nowhere.Ring")
        told = self.assertRaises(SecretsUnavailable, self.taken)
        self.assertIn("ModuleNotFoundError", str(told))

    def test_none(self) -> None:
        """Without a keyring the text says why and what to do, and recommends no package."""
        offer(self, fail.Keyring)
        told = str(self.assertRaises(SecretsUnavailable, self.taken, weak=True))
        self.assertTrue(told.startswith("secret store unavailable: no OS keyring ("), told)
        self.assertIn("CAR_SECRET_BACKEND=file", told)
        self.assertNotIn("keyrings.alt", told)
