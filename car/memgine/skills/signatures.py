"""Signatures of packs: Ed25519 (RFC 8032) over the digest that the manifest states.

Who signs is told by a key.  Keys that the operator named make a signer trusted; a key that
the signature itself brings proves only that one who has it made the pack.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from car.memgine.skills.errors import BrokenPack, BrokenSigner
from car.memgine.skills.records import Name

_KEY_BYTES = 32
"""Octets of a public key (RFC 8032 §5.1.5)."""

Signers = Mapping[str, Ed25519PublicKey]
"""The keys of trusted signers, by name."""


class Signature(Struct, frozen=True):
    """One signature over a pack's digest, as text in UTF-8.

    ``signature`` and ``public_key`` are base64, the key as its 32 octets.
    """

    signer: Name
    signature: Name
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: Name | None = None


def trusted_signers(texts: Iterable[str]) -> Signers:
    """The signers that an operator named, each as ``NAME=KEY``.  Raises BrokenSigner."""
    signers: dict[str, Ed25519PublicKey] = {}
    for text in texts:
        name, _, key = text.partition("=")
        read = _public_key(key)
        if not name or read is None:
            raise BrokenSigner(
                f"'{text:.80}' must be NAME=KEY, with the 32 octets of an Ed25519 public key "
                "in base64"
            )
        if signers.setdefault(name, read) != read:
            raise BrokenSigner(f"'{name}' has two keys; give each a name of its own")
    return signers


def check_signatures(
    digest: str, signatures: Sequence[Signature], trusted: Signers
) -> tuple[bool, bool]:
    """Whether anybody signed *digest*, and whether a trusted signer did.

    A signature whose key nobody knows proves nothing, and counts for nothing.  Raises
    BrokenPack for one that does not fit its key.
    """
    is_signed = is_trusted = False
    for number, signature in enumerate(signatures):
        where = f"manifest.signatures[{number}]"
        key = trusted.get(signature.signer)
        is_trusted_key = key is not None
        if key is None and signature.public_key is not None:
            key = _public_key(signature.public_key)
            if key is None:
                raise BrokenPack(f"{where}.public_key must be 32 octets in base64")
        if key is None:
            continue
        if not _fits(key, signature.signature, digest):
            raise BrokenPack(
                f"{where}.signature is not that of '{signature.signer:.80}' over {digest}"
            )
        is_signed = True
        is_trusted = is_trusted or is_trusted_key
    return is_signed, is_trusted


def _public_key(text: str) -> Ed25519PublicKey | None:
    """The key that *text* holds, None if it holds none."""
    octets = _octets(text)
    if octets is None or len(octets) != _KEY_BYTES:
        return None
    return Ed25519PublicKey.from_public_bytes(octets)


def _fits(key: Ed25519PublicKey, signature: str, digest: str) -> bool:
    octets = _octets(signature)
    if octets is None:
        return False
    try:
        key.verify(octets, digest.encode())
    except InvalidSignature:
        return False
    return True


def _octets(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: text that is not ASCII
        return None
