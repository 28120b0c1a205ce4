"""The daemon's secrets: making tokens, keeping their files, judging what a client shows.

Which method needs which role, and what a refused client is told, is the session's to say.
Tokens are held in a ``Secret``, which neither prints nor logs its text.
"""

import contextlib
import enum
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from car.errors import CarError
from car.eventlog.files import replace_whole
from car.places import make_private_directory

TOKEN_BYTES = 32
"""Random octets in a token: 43 characters of base64url (``protocol.md`` §4)."""


class AuthError(CarError):
    """A token that cannot be judged here, or a token file that cannot be kept."""


class Role(enum.StrEnum):
    """What a connection has proved itself to be."""

    UNBOUND = "unbound"
    AGENT = "agent"
    HOST = "host"


class Secret:
    """A text that must not appear in logs, errors or reprs."""

    __slots__ = ("_octets",)

    def __init__(self, text: str) -> None:
        self._octets = text.encode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """The text itself, for the one place that must write it."""
        return self._octets.decode("utf-8", "surrogatepass")

    def matches(self, candidate: str) -> bool:
        """Whether *candidate* is the secret, in a time that tells nothing but its length."""
        octets = candidate.encode("utf-8", "surrogatepass")
        return len(octets) == len(self._octets) and hmac.compare_digest(octets, self._octets)


def new_secret() -> Secret:
    """A fresh token of 43 base64url characters."""
    return Secret(secrets.token_urlsafe(TOKEN_BYTES))


class SecretFile:
    """A file of mode 0600 in a directory of mode 0700 that holds one secret."""

    def __init__(self, path: Path, secret: Secret) -> None:
        self._path = path
        self._secret = secret
        self._written: tuple[int, int] | None = None

    def write(self) -> None:
        """Write the secret, replacing what an earlier daemon left; raises AuthError.

        The modes do not depend on the umask, and nobody sees a file half written.
        """
        try:
            make_private_directory(self._path.parent)
            replace_whole(self._path, self._secret.reveal().encode())
            written = self._path.stat()
        except OSError as problem:
            raise AuthError(
                f"the token file {self._path} cannot be written: {problem.strerror}"
            ) from None
        self._written = written.st_dev, written.st_ino

    def remove(self) -> None:
        """Remove the file if it is still the one we wrote; another daemon's stays."""
        # An error says that it is gone or not ours any more: there is nothing to remove.
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found = self._path.stat()
            ours = (found.st_dev, found.st_ino) == self._written
            if ours and self._path.read_text("utf-8") == self._secret.reveal():
                self._path.unlink()
        self._written = None


class Credentials:
    """The two secrets of one launch: the daemon token and the host token.

    *token* is the operator's own, else a fresh one is made.  A daemon that is not the
    primary never publishes: its token stays in memory.
    """

    def __init__(self, token: Secret | None = None) -> None:
        self.token = token or new_secret()
        self.host_token = new_secret()
        self._files: list[SecretFile] = []

    def publish(self, auth_token: Path, host_token: Path) -> None:
        """Write both token files; raises AuthError, and then leaves neither."""
        for path, secret in ((auth_token, self.token), (host_token, self.host_token)):
            file = SecretFile(path, secret)
            self._files.append(file)
            try:
                file.write()
            except AuthError:
                self.withdraw()
                raise

    def withdraw(self) -> None:
        """Remove the files that are still ours."""
        while self._files:
            self._files.pop().remove()


AgentCheck = Callable[[str, str], bool]
"""Whether the second argument is the token of the supervised agent named by the first."""


def refuse_agents(agent_id: str, token: str) -> bool:
    """The check of a daemon that supervises no agents: raises AuthError."""
    raise AuthError(f"agent '{agent_id}' has no token here: this daemon does not supervise it")


class Authenticator:
    """Judges tokens.  Without *credentials* the daemon is open: every token will do."""

    def __init__(
        self, credentials: Credentials | None, agent_check: AgentCheck = refuse_agents
    ) -> None:
        self._credentials = credentials
        self._agent_check = agent_check

    @property
    def enabled(self) -> bool:
        """Whether a connection must authenticate."""
        return self._credentials is not None

    @property
    def host_token_exists(self) -> bool:
        """Whether there is a host role to be had; without one nobody needs it."""
        return self._credentials is not None

    def check(self, token: str) -> bool:
        """Whether *token* is the daemon's token."""
        return self._credentials is None or self._credentials.token.matches(token)

    def check_host(self, token: str) -> bool:
        """Whether *token* is the host token."""
        return self._credentials is None or self._credentials.host_token.matches(token)

    def check_agent(self, agent_id: str, token: str) -> bool:
        """Whether *token* is the own token of the supervised agent *agent_id*.

        Raises AuthError when no such agent is supervised here.
        """
        return self._credentials is None or self._agent_check(agent_id, token)

    def has_host_rights(self, role: Role) -> bool:
        """Whether a connection of *role* may call host-only methods (``protocol.md`` §4)."""
        return role is Role.HOST or not self.host_token_exists
