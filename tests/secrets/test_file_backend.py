"""Tests of car.secrets.file_backend: what lies in the files, and who may read them."""

import base64
from pathlib import Path

from msgspec import json
from twisted.trial.unittest import SynchronousTestCase

from car.secrets.errors import SecretsUnavailable
from car.secrets.file_backend import FileBackend
from car.secrets.names import SecretName

NAME = SecretName("car", "OPENAI_API_KEY")
OTHER = SecretName("car", "TAVILY_API_KEY")

VALUE = "sesame-7Q-öffne"

KEY = "0f" * 32


class FileTests(SynchronousTestCase):
    """FileBackend"""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()) / "secrets"
        self.path = self.directory / "secrets.json"
        self.backend = FileBackend(self.directory)

    def assertUnavailable(self, backend: FileBackend, *words: str) -> None:
        """NAME cannot be read, and the text has *words* but not the value."""
        told = str(self.assertRaises(SecretsUnavailable, backend.get, NAME))
        for word in words:
            self.assertIn(word, told)
        self.assertNotIn(VALUE, told)

    def test_round_trip(self) -> None:
        """Values are kept, replaced and forgotten; another instance finds them."""
        self.assertIs(self.backend.get(NAME), None)
        self.assertFalse(self.backend.delete(NAME))
        for value in ("first", VALUE, ""):
            self.backend.put(NAME, value)
            self.backend.put(OTHER, "other")
            self.assertEqual(FileBackend(self.directory).get(NAME), value)
        self.assertEqual(self.backend.get(OTHER), "other")
        self.assertTrue(self.backend.delete(NAME))
        self.assertIs(self.backend.get(NAME), None)
        self.assertEqual(self.backend.get(OTHER), "other")

    def test_at_rest(self) -> None:
        """0600 files in a 0700 directory, no value in them, a fresh nonce each time."""
        nonces = set()
        for _ in range(3):
            self.backend.put(NAME, VALUE)
            (entry,) = json.decode(self.path.read_bytes())
            nonces.add(entry["nonce"])
            self.assertEqual((entry["service"], entry["key"]), (NAME.service, NAME.key))
        self.assertEqual(len(nonces), 3)
        self.assertEqual(self.directory.stat().st_mode & 0o777, 0o700)
        for file in self.directory.iterdir():
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)
            self.assertNotIn(VALUE.encode(), file.read_bytes())
            self.assertNotIn(base64.b64encode(VALUE.encode()), file.read_bytes())
        self.assertEqual(len(list(self.directory.iterdir())), 2)

    def test_moved(self) -> None:
        """An entry under another name does not open, nor one that was changed."""
        self.backend.put(OTHER, VALUE)
        entries = json.decode(self.path.read_bytes())
        entries[0]["key"] = NAME.key
        self.path.write_bytes(json.encode(entries))
        self.assertUnavailable(self.backend, "OPENAI_API_KEY", "tampered with")
        entries[0]["key"] = OTHER.key
        sealed = bytearray(base64.b64decode(entries[0]["sealed"]))
        sealed[0] ^= 1
        entries[0]["sealed"] = base64.b64encode(sealed).decode()
        self.path.write_bytes(json.encode(entries))
        self.assertRaises(SecretsUnavailable, self.backend.get, OTHER)

    def test_given_key(self) -> None:
        """With a key of the operator's none lies beside; another key opens nothing."""
        FileBackend(self.directory, KEY).put(NAME, VALUE)
        self.assertEqual([file.name for file in self.directory.iterdir()], ["secrets.json"])
        self.assertEqual(FileBackend(self.directory, KEY).get(NAME), VALUE)
        self.assertUnavailable(FileBackend(self.directory, "a0" * 32), "another key")
        self.assertUnavailable(self.backend, "secret.key is missing")
        self.assertRaises(SecretsUnavailable, self.backend.put, OTHER, "x")

    def test_wrong_key(self) -> None:
        """A key that is none is refused, and not repeated."""
        for key in ("sesame", KEY[:-2], "zz" * 32):
            told = str(self.assertRaises(SecretsUnavailable, FileBackend, self.directory, key))
            self.assertIn("CAR_SECRET_KEY must be 64 hexadecimal digits", told)
            self.assertNotIn(key, told)
        self.backend.put(NAME, VALUE)
        (self.directory / "secret.key").write_text("sesame")
        self.assertUnavailable(self.backend, "secret.key must be 64")

    def test_open_to_others(self) -> None:
        """Files and directories that others may read are refused."""
        self.backend.put(NAME, VALUE)
        for path, mode in (
            (self.path, 0o600),
            (self.directory / "secret.key", 0o600),
            (self.directory, 0o700),
        ):
            path.chmod(mode | 0o040)
            self.assertUnavailable(self.backend, str(path), f"mode {mode:04o}")
            path.chmod(mode)
        self.assertEqual(self.backend.get(NAME), VALUE)

    def test_link(self) -> None:
        """A link in the place of the file is not followed."""
        self.backend.put(NAME, VALUE)
        self.path.rename(self.directory / "elsewhere")
        self.path.symlink_to(self.directory / "elsewhere")
        self.assertUnavailable(self.backend, "cannot be read")

    def test_damaged(self) -> None:
        """A damaged file is left as it is."""
        self.backend.put(NAME, VALUE)
        self.path.write_bytes(b"[{")
        self.assertUnavailable(self.backend, "damaged")
        self.assertRaises(SecretsUnavailable, self.backend.put, OTHER, "x")
        self.assertEqual(self.path.read_bytes(), b"[{")

    def test_unwritable(self) -> None:
        """Where nothing can be written, what was kept stays and no draft is left."""
        self.backend.put(NAME, VALUE)
        self.path.rename(self.directory / "kept")
        self.path.mkdir()
        told = self.assertRaises(SecretsUnavailable, FileBackend(self.directory)._write, [])
        self.assertIn("cannot be written", str(told))
        names = sorted(file.name for file in self.directory.iterdir())
        self.assertEqual(names, ["kept", "secret.key", "secrets.json"])
