"""What can go wrong with a secret, in words for the client; never with a value in them.

Each has a machine code (``subsystem-registry-secrets.md``), told as ``data.code``.
"""

from car.errors import CarError


class SecretError(CarError):
    """The root of this package's failures."""

    code: str


class SecretsUnavailable(SecretError):
    """The store cannot be reached; *reason* says why and what would help."""

    code = "unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"secret store unavailable: {reason}")
        self.reason = reason


class SecretNotFound(SecretError):
    """No secret of that name."""

    code = "not_found"


class InvalidKey(SecretError):
    """A key or service that cannot be a name; what was sent is not repeated."""

    code = "invalid_key"


class InvalidValue(SecretError):
    """A value that cannot be kept, such as one that is too long."""

    code = "invalid_value"


class ReservedSecret(SecretError):
    """A secret that the daemon keeps for itself."""

    code = "reserved_private_secret"
