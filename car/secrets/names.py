"""What a secret may be called, and which names are the daemon's own."""

import re

from msgspec import Struct

from car.secrets.errors import InvalidKey, ReservedSecret

DEFAULT_SERVICE = "car"

PRIVATE_SERVICE = "car.private"
"""The service that no client reaches: tokens that the daemon gets on behalf of its user."""

_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class SecretName(Struct, frozen=True):
    """Where a secret is: a key of a service."""

    service: str
    key: str


def secret_name(key: str, service: str = DEFAULT_SERVICE) -> SecretName:
    """The name; raises InvalidKey, which repeats nothing: it may be a value gone astray."""
    for field, text in (("key", key), ("service", service)):
        if not _NAME.fullmatch(text):
            raise InvalidKey(f"{field}: expected 1 to 128 of letters, digits and . _ : -")
    return SecretName(service, key)


def public_name(key: str, service: str = DEFAULT_SERVICE) -> SecretName:
    """A name that a client may use; raises InvalidKey or ReservedSecret."""
    name = secret_name(key, service)
    if service == PRIVATE_SERVICE:
        raise ReservedSecret(f"service: '{service}' holds what the daemon keeps for itself")
    return name
