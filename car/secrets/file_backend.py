"""Secrets in one file, each sealed with AES-256-GCM.

The key is that of ``CAR_SECRET_KEY``, else it lies in a file beside: this protects copies of
the file, such as backups, and not against whoever can read both.  Service and key are part of
what is authenticated, so an entry that was moved to another name does not open.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from car.secrets.errors import SecretsUnavailable
from car.secrets.files import read_private, write_private
from car.secrets.names import SecretName

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32

_NONCE_BYTES = 12
"""What GCM is made for; 2**32 random ones under a key are within its bounds (SP 800-38D)."""


class _Entry(Struct, frozen=True):
    """A sealed value; octets are base64 in the file."""

    service: str
    key: str
    nonce: bytes
    sealed: bytes


_decode = msgspec.json.Decoder(list[_Entry]).decode


class FileBackend:
    """A Backend in ``secrets.json`` of *directory*, with ``secret.key`` unless *key* is given.

    *key* is 64 hexadecimal digits.  The file is read anew at every call.
    """

    def __init__(self, directory: Path, key: str | None = None) -> None:
        self._path = directory / "secrets.json"
        self._key_path = directory / "secret.key"
        self._given_key = None if key is None else _key_octets(key, "CAR_SECRET_KEY")

    def put(self, name: SecretName, value: str) -> None:
        """Keep a value."""
        entries = [entry for entry in self._read() if _name(entry) != name]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(create=not entries).encrypt(nonce, value.encode(), _bound(name))
        entries.append(_Entry(name.service, name.key, nonce, sealed))
        self._write(entries)

    def get(self, name: SecretName) -> str | None:
        """The value, None where there is none."""
        entry = next((entry for entry in self._read() if _name(entry) == name), None)
        if entry is None:
            return None
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher().decrypt(entry.nonce, entry.sealed, _bound(name)).decode()
        except (InvalidTag, ValueError):
            raise SecretsUnavailable(
                f"'{name.key}' in {self._path} was sealed with another key, or tampered with"
            ) from None

    def delete(self, name: SecretName) -> bool:
        """Forget a value; whether there was one."""
        entries = self._read()
        kept = [entry for entry in entries if _name(entry) != name]
        if len(kept) < len(entries):
            self._write(kept)
        return len(kept) < len(entries)

    def _read(self) -> list[_Entry]:
        content = read_private(self._path)
        try:
            return [] if content is None else _decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SecretsUnavailable(f"{self._path} is damaged; put a backup there") from None

    def _write(self, entries: list[_Entry]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(entries), indent=2))

    def _cipher(self, create: bool = False) -> "AESGCM":
        """What seals and opens; a key that is missing is made only with *create*."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if self._given_key is not None:
            return AESGCM(self._given_key)
        stored = read_private(self._key_path)
        if stored is None and create:
            stored = os.urandom(KEY_BYTES).hex().encode()
            write_private(self._key_path, stored + b"\n")
        if stored is None:
            raise SecretsUnavailable(
                f"{self._key_path} is missing; put it back, or delete {self._path}"
            )
        return AESGCM(_key_octets(stored.decode("latin-1").strip(), str(self._key_path)))


def _key_octets(text: str, where: str) -> bytes:
    """The key that *text* spells; raises SecretsUnavailable, which does not repeat it."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretsUnavailable(
            f"{where} must be {2 * KEY_BYTES} hexadecimal digits, as of openssl rand -hex "
            f"{KEY_BYTES}"
        )
    return key


def _name(entry: _Entry) -> SecretName:
    return SecretName(entry.service, entry.key)


def _bound(name: SecretName) -> bytes:
    """What is authenticated beside the value."""
    return f"{name.service}\0{name.key}".encode()
