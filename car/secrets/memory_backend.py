"""Secrets in memory, gone with the process: for tests."""

from car.secrets.names import SecretName


class MemoryBackend:
    """A Backend that keeps values in a table."""

    def __init__(self) -> None:
        self._values: dict[SecretName, str] = {}

    def put(self, name: SecretName, value: str) -> None:
        """Keep a value."""
        self._values[name] = value

    def get(self, name: SecretName) -> str | None:
        """The value, None where there is none."""
        return self._values.get(name)

    def delete(self, name: SecretName) -> bool:
        """Forget a value; whether there was one."""
        return self._values.pop(name, None) is not None
