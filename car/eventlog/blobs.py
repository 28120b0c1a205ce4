"""Large values in side files, so that a journal line stays short and a run replayable.

A value that makes its line too long is replaced by ``{"$blob": {"bytes", "sha256"}}``:
length and digest of its compact JSON text, which is the content of the file named by the
digest.  Values of one name are equal, so the store is shared by all sessions of a daemon
and nothing in it is ever written twice.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from car.eventlog.errors import BlobError, JournalError
from car.eventlog.files import CREATE, force_down, force_down_directory, write_whole
from car.ir.json import JsonObject, JsonValue, encode

_NAME = re.compile("[0-9a-f]{64}")

_decode = msgspec.json.Decoder().decode


class BlobStore:
    """The directory ``blobs`` beside the journals (0700, its files 0600).

    Made with the first value.  With *durable*, `sync` forces down what was stored.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._directory = directory
        self._durable = durable
        self._unsynced: list[Path] = []

    def put(self, content: bytes) -> str:
        """Store *content* and give its SHA-256 in hex; raises JournalError.

        Whole or not at all: written under another name first, then renamed.
        """
        digest = sha256(content).hexdigest()
        path = self._directory / digest
        passing = self._directory / f".{digest}.{secrets.token_hex(4)}"
        try:
            if _size(path) == len(content):
                return digest  # another size is what a power loss may leave: written anew
            self._directory.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(passing, CREATE, 0o600)
            try:
                write_whole(fd, content)
            finally:
                os.close(fd)
            passing.rename(path)
        except OSError as problem:
            with contextlib.suppress(OSError):
                passing.unlink()
            raise JournalError(
                f"the side file {digest} cannot be written: {problem.strerror}"
            ) from problem
        if self._durable:
            self._unsynced.append(path)
        return digest

    def get(self, digest: str) -> bytes:
        """The content stored under *digest*; raises BlobError if missing or altered."""
        if _NAME.fullmatch(digest) is None:
            raise BlobError(f"'{digest}' is not the name of a side file: 64 hex digits")
        try:
            content = (self._directory / digest).read_bytes()
        except OSError as problem:
            raise BlobError(
                f"the side file {digest} cannot be read: {problem.strerror}"
            ) from problem
        if sha256(content).hexdigest() != digest:
            raise BlobError(f"the side file {digest} does not hold what its name says")
        return content

    def sync(self) -> None:
        """Force what was stored since the last call to the disk; before the journal's.

        May run in a thread beside `put`.  Raises JournalError; then all is tried again.
        """
        paths = self._unsynced[:]
        if not paths:
            return
        try:
            for path in paths:
                fd = os.open(path, os.O_RDWR)
                try:
                    force_down(fd)
                finally:
                    os.close(fd)
            force_down_directory(self._directory)
        except OSError as problem:
            raise JournalError(f"the side files cannot be synced: {problem.strerror}") from problem
        del self._unsynced[: len(paths)]

    def restore(self, value: JsonValue) -> JsonValue:
        """*value* with every ``$blob`` in it replaced by what it stands for.

        Raises BlobError where a side file is missing or altered.
        """
        if isinstance(value, dict):
            digest = _blob_digest(value)
            if digest is not None:
                return _decode(self.get(digest))
            return {key: self.restore(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.restore(member) for member in value]
        return value


def _size(path: Path) -> int | None:
    """The size of the file *path* in octets, or None if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _blob_digest(value: JsonObject) -> str | None:
    """The digest that *value* names if it is a reference to a side file."""
    blob = value.get("$blob") if len(value) == 1 else None
    if not isinstance(blob, dict) or blob.keys() != {"bytes", "sha256"}:
        return None
    size, digest = blob["bytes"], blob["sha256"]
    if type(size) is not int or not isinstance(digest, str) or not _NAME.fullmatch(digest):
        return None
    return digest


def shorten(data: JsonObject, room: int, put: Callable[[bytes], str] | None) -> bytes:
    """*data* encoded in at most *room* octets, its largest values replaced by references.

    The largest member is taken first, narrowed to the smallest part of it that alone
    suffices: of a proposal with one huge parameter only this parameter goes.  *put* stores
    a value's text and gives its digest; None keeps the digest only.  *data* is left alone.
    """
    short = dict(data)
    text = encode(short)
    while len(text) > room:
        place = _largest(short, len(text) - room)
        if place is None:
            break
        container, key, content = place
        digest = put(content) if put is not None else sha256(content).hexdigest()
        container[key] = {"$blob": {"bytes": len(content), "sha256": digest}}
        text = encode(short)
    return text


_REFERENCE_BYTES = 110
"""What a reference takes at most (98 octets beside the number): a shorter value stays."""

_LEAST_MEMBER_BYTES = 2
"""What a member of a list or an object takes at least: a digit and a comma."""


def _largest(container: JsonValue, excess: int) -> tuple[JsonValue, str | int, bytes] | None:
    """Where the next value to replace stands, and its text; containers on the way are copied."""
    found = _largest_member(container)
    if found is None or len(found[1]) <= _REFERENCE_BYTES:
        return None
    key, content = found
    while True:
        value = container[key]
        if not isinstance(value, dict | list) or _is_reference(value):
            break
        others = _LEAST_MEMBER_BYTES * (len(value) - 1)
        if len(content) - others - _REFERENCE_BYTES < excess:
            break  # no member alone can suffice: millions of small ones are not looked at
        inner = _largest_member(value)
        if inner is None or len(inner[1]) - _REFERENCE_BYTES < excess:
            break
        container[key] = value.copy()
        container, (key, content) = container[key], inner
    return container, key, content


def _largest_member(container: JsonValue) -> tuple[str | int, bytes] | None:
    """The key and text of the longest member that is not a reference already."""
    best: tuple[str | int, bytes] | None = None
    for key, value in _members(container):
        if _is_reference(value):
            continue
        text = encode(value)
        if best is None or len(text) > len(best[1]):
            best = (key, text)
    return best


def _members(container: JsonValue) -> Iterator[tuple[str | int, JsonValue]]:
    return iter(container.items()) if isinstance(container, dict) else enumerate(container)


def _is_reference(value: JsonValue) -> bool:
    return isinstance(value, dict) and _blob_digest(value) is not None
