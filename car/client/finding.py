"""Where the daemon is and how to prove ourselves, as the official clients find it.

The order of ``clients.md`` (Connecting): variables first, then the token files in the order
of ``car.places.token_files``.
"""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from car.client.errors import ClientError
from car.ir.json import JsonObject
from car.places import token_files

DEFAULT_URL = "ws://127.0.0.1:9100"
"""Where a daemon listens unless told otherwise."""


class Proof(Struct, frozen=True):
    """The params of ``session.auth``, None to leave it out, and where the token came from."""

    params: JsonObject | None
    origin: str


def find_url(environ: Mapping[str, str]) -> str:
    """``CAR_DAEMON_URL``, else the default."""
    return environ.get("CAR_DAEMON_URL", "").strip() or DEFAULT_URL


def find_proof(environ: Mapping[str, str], platform: str, token: str | None = None) -> Proof:
    """What to show the daemon: *token* if given, else what the surroundings hold.

    ``CAR_AGENT_ID`` with ``CAR_AGENT_TOKEN`` binds to a supervised agent; then come
    ``CAR_AUTH_TOKEN`` and the token files.  ``CAR_MEMORY_NAMESPACE`` is passed on.  Raises
    ClientError for a file that is there and cannot be read, SettingsError for a ``CAR_HOME``
    that is not absolute.
    """
    agent_id = environ.get("CAR_AGENT_ID", "").strip()
    agent_token = environ.get("CAR_AGENT_TOKEN", "").strip()
    params: JsonObject
    if token is not None:
        params, origin = {"token": token}, "the token given"
    elif agent_id and agent_token:
        params, origin = {"agent_id": agent_id, "token": agent_token}, "CAR_AGENT_TOKEN"
    else:
        found = _find_token(environ, platform)
        if found is None:
            return Proof(None, "nowhere")
        params, origin = {"token": found[0]}, found[1]
    namespace = environ.get("CAR_MEMORY_NAMESPACE", "").strip()
    if namespace:
        params["memory_namespace"] = namespace
    return Proof(params, origin)


def _find_token(environ: Mapping[str, str], platform: str) -> tuple[str, str] | None:
    """The token and where it was found; blank counts as none."""
    variable = environ.get("CAR_AUTH_TOKEN", "").strip()
    if variable:
        return variable, "CAR_AUTH_TOKEN"
    for path in token_files(environ, platform):
        text = _read(path)
        if text:
            return text, str(path)
    return None


def _read(path: Path) -> str:
    """The trimmed text of a token file, empty where there is none."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except NotADirectoryError:
        return ""
    except OSError as problem:
        raise ClientError(
            f"the token file {path} cannot be read: {problem.strerror}; "
            "give the token in CAR_AUTH_TOKEN"
        ) from None
    except UnicodeDecodeError:
        raise ClientError(f"the token file {path} does not hold UTF-8 text") from None
