"""Tests of car.secrets.names and car.secrets.index."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.secrets.errors import InvalidKey, ReservedSecret, SecretsUnavailable
from car.secrets.index import MOST_NAMES, NameIndex
from car.secrets.names import PRIVATE_SERVICE, SecretName, public_name, secret_name


class NameTests(SynchronousTestCase):
    """What a secret may be called."""

    def test_names(self) -> None:
        """Letters, digits and a few marks; up to 128 of them."""
        for key in ("OPENAI_API_KEY", "a", "x" * 128, "host:port-1.2"):
            self.assertEqual(secret_name(key), SecretName("car", key))
        for key in ("", "x" * 129, "a b", "a/b", "a\0b", "ключ", "a\n"):
            for call in (lambda k=key: secret_name(k), lambda k=key: secret_name("K", k)):
                told = str(self.assertRaises(InvalidKey, call))
                self.assertTrue(not key or key not in told, told)

    def test_reserved(self) -> None:
        """The daemon's own service is not for clients."""
        self.assertEqual(secret_name("K", PRIVATE_SERVICE).service, PRIVATE_SERVICE)
        self.assertRaises(ReservedSecret, public_name, "K", PRIVATE_SERVICE)
        self.assertEqual(public_name("K", "mail"), SecretName("mail", "K"))


class IndexTests(SynchronousTestCase):
    """NameIndex"""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "root" / "secret_index.json"
        self.index = NameIndex(self.path)

    def test_names(self) -> None:
        """Names are added once, removed, and stand in order; the file is 0600."""
        self.assertEqual(self.index.names(), [])
        self.index.remove(SecretName("car", "A"))
        self.assertFalse(self.path.exists())
        for key in ("B", "A", "B"):
            self.index.add(SecretName("car", key))
        self.index.add(SecretName("box", "Z"))
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual([name.key for name in NameIndex(self.path).names()], ["Z", "A", "B"])
        self.index.remove(SecretName("car", "A"))
        self.assertEqual([name.key for name in self.index.names()], ["Z", "B"])
        self.assertEqual(
            self.path.read_text(),
            '[\n  {\n    "service": "box",\n    "key": "Z"\n  },\n'
            '  {\n    "service": "car",\n    "key": "B"\n  }\n]',
        )

    def test_damaged(self) -> None:
        """A damaged file lists nothing, and the next name starts it anew."""
        self.path.parent.mkdir(parents=True)
        for content in (b"{", b"[1]", b"\xff"):
            self.path.write_bytes(content)
            self.assertEqual(self.index.names(), [])
        self.index.add(SecretName("car", "A"))
        self.assertEqual(len(self.index.names()), 1)

    def test_unreadable(self) -> None:
        """What cannot be read at all is told."""
        self.path.mkdir(parents=True)
        self.assertRaises(SecretsUnavailable, self.index.names)

    def test_full(self) -> None:
        """There is an end to names."""
        names = [SecretName("car", f"K{number}") for number in range(MOST_NAMES)]
        self.index._write(names)
        self.index.add(names[0])
        told = self.assertRaises(SecretsUnavailable, self.index.add, SecretName("car", "one"))
        self.assertIn(str(MOST_NAMES), str(told))
