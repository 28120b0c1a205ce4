"""Signatures for tests: two keys, and what they sign."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from car.memgine.skills.signatures import Signature

ACME = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LAB = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half of *key* as operators write it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(digest: str, signer: str, key: Ed25519PrivateKey, *, with_key: bool = False) -> Signature:
    """The signature of *signer* over *digest*, with its public key if asked for."""
    return Signature(
        signer,
        base64.b64encode(key.sign(digest.encode())).decode(),
        public_key=public_key(key) if with_key else None,
    )
