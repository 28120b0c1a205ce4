"""Where things lie: the state root, the token files, the shared socket, the lock.

The forms of ``protocol.md`` §1, §4 and §8 for Linux, macOS and Windows, as pure functions
of the environment, the platform and the root asked for: the daemon writes there, clients
look there.  Making directories private, the
one thing done here, is what every writer below those places needs first.
"""

import ntpath
import posixpath
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from car.errors import SettingsError

VENDOR = "ai.parslee.car"
"""The directory that official clients look for tokens and the socket in."""

TOKEN_NAME = "auth-token"
"""The file that holds the daemon's token."""

ROOT_PREFIX = "~/.car/"
"""What a path begins with that means "under the state root", wherever that is."""


class Places(Struct, frozen=True, kw_only=True):
    """Where one daemon's files lie.

    ``socket`` is the Unix socket that the primary serves, None on Windows.
    """

    root: Path
    auth_token: Path
    host_token: Path
    socket: Path | None

    @property
    def run(self) -> Path:
        """The directory of what lives only as long as a daemon."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """The file whose lock makes a daemon the primary of this root."""
        return self.run / "daemon.lock"

    @property
    def pid(self) -> Path:
        """The file that tells the primary's process id."""
        return self.run / "daemon.pid"

    @property
    def journals(self) -> Path:
        """The default journal directory."""
        return self.root / "journals"


def find_places(environ: Mapping[str, str], platform: str, state_dir: str | None = None) -> Places:
    """The places of a daemon with the state root *state_dir*, None for ``~/.car``.

    *platform* is ``sys.platform``; *state_dir* stands for ``CAR_HOME`` whether it came from
    the environment, a flag or a file.  Raises SettingsError for a root that is not absolute
    and when the home directory is needed and unknown.
    """
    windows = platform == "win32"
    if state_dir is not None:
        if not (ntpath.isabs if windows else posixpath.isabs)(state_dir):
            raise SettingsError(
                f"the state directory (--state-dir, CAR_HOME) must be an absolute path, "
                f"not '{state_dir}'"
            )
        root = Path(state_dir)
        tokens = root / VENDOR
    else:
        root = home(environ, platform) / ".car"
        tokens = _token_directory(environ, platform)
    shared = None if state_dir is not None else _runtime_directory(environ, platform)
    return Places(
        root=root,
        auth_token=tokens / TOKEN_NAME,
        host_token=tokens / "host-token",
        socket=None if windows else (shared or root / "run") / "car-server.sock",
    )


def port_socket(shared: Path, port: int) -> Path:
    """The socket of a daemon on *port* that is not the primary, beside the *shared* one."""
    return shared.with_name(f"car-server-{port}.sock")


def home(environ: Mapping[str, str], platform: str) -> Path:
    """The user's home directory as the environment has it; raises SettingsError."""
    variable = _home_variable(platform)
    found = environ.get(variable, "")
    if not found:
        raise SettingsError(f"{variable} is not set; set CAR_HOME to an absolute path")
    return Path(found)


def resolve(text: str, root: Path, cwd: Path, environ: Mapping[str, str], platform: str) -> Path:
    """The path that a setting's *text* means.

    ``~/.car/…`` lies under *root*, any other ``~/…`` under the home directory, what is
    relative under *cwd*.  Raises SettingsError when the home directory is unknown.
    """
    if text.startswith(ROOT_PREFIX):
        return root / text.removeprefix(ROOT_PREFIX)
    if text.startswith("~/"):
        return home(environ, platform) / text.removeprefix("~/")
    return cwd / text


def make_private_directory(directory: Path) -> None:
    """Make *directory* 0700 whatever the umask, and the parents it lacks; raises OSError."""
    if not directory.parent.exists():
        make_private_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)


def token_files(environ: Mapping[str, str], platform: str) -> list[Path]:
    """The files in which a client looks for the daemon's token, the likeliest first.

    That of ``CAR_HOME``, that of the session's runtime directory, and the one in the home
    directory: the daemon may run in another environment than its client (``clients.md``,
    Connecting).  Raises SettingsError as `find_places` does.
    """
    root = environ.get("CAR_HOME", "")
    without_session = {name: environ[name] for name in environ if name != "XDG_RUNTIME_DIR"}
    found = [find_places(environ, platform, root).auth_token] if root else []
    for surroundings in (environ, without_session):
        if _runtime_directory(surroundings, platform) or surroundings.get(_home_variable(platform)):
            found.append(_token_directory(surroundings, platform) / TOKEN_NAME)
    return list(dict.fromkeys(found))


def _token_directory(environ: Mapping[str, str], platform: str) -> Path:
    """Where tokens lie when no state root was asked for (``protocol.md`` §4)."""
    if platform == "darwin":
        return home(environ, platform) / "Library" / "Application Support" / VENDOR
    if platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return (Path(local) if local else home(environ, platform) / "AppData" / "Local") / VENDOR
    shared = _runtime_directory(environ, platform)
    return shared if shared is not None else home(environ, platform) / ".config" / VENDOR


def _home_variable(platform: str) -> str:
    return "USERPROFILE" if platform == "win32" else "HOME"


def _runtime_directory(environ: Mapping[str, str], platform: str) -> Path | None:
    """Our part of ``XDG_RUNTIME_DIR``, None without one.  A relative one counts as unset,
    as its own specification demands."""
    directory = environ.get("XDG_RUNTIME_DIR", "")
    if platform == "win32" or not posixpath.isabs(directory):
        return None
    return Path(directory) / VENDOR
