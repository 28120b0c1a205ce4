"""How the daemon is configured: one table of settings, and the record read from it.

A setting has a flag of ``twistd car``, a variable and a key in the TOML file; the flag
wins over the variable, that over the file, that over the default (``protocol.md`` §8).
The options of the command line are built from ``SETTINGS`` by ``car.tap``; what a setting
does is said where it is used.  Features still to come have their settings here already.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from car.errors import SettingsError
from car.memgine.skills.errors import BrokenSigner
from car.memgine.skills.signatures import trusted_signers
from car.places import Places, find_places, resolve
from car.server.auth import Secret
from car.server.exposure import bind_exposure, exposure
from car.server.limits import Limits
from car.setting_sources import Origin, Setting, Sources

TIERS = ("read_only", "sandbox_edit", "full_access")
LEVELS = ("debug", "info", "warn", "error", "critical")

_LIMITS = Limits()
_LIMIT_SETTINGS = ("approval_timeout", "tool_timeout", "handler_timeout")
_BINDS = ("mcp_bind", "a2a_bind")
_Resolver = Callable[[str], Path | None]


def _switch(name: str, help: str) -> Setting:
    return Setting(name=name, kind="switch", help=help)


def _text(name: str, metavar: str, help: str, **more: Any) -> Setting:
    return Setting(name=name, kind="text", metavar=metavar, help=help, **more)


def _path(name: str, metavar: str, help: str, default: str | None = None) -> Setting:
    return Setting(name=name, kind="path", metavar=metavar, help=help, default=default)


def _choice(name: str, help: str, default: str | None, *choices: str) -> Setting:
    values = "|".join(choices)
    return Setting(
        name=name, kind="choice", help=help, default=default, metavar=values, choices=choices
    )


def _timeout(name: str, help: str) -> Setting:
    """A limit with a flag of its own; its default is the limit's."""
    default = _LIMITS.as_dict()[name]
    return Setting(name=name, kind="timeout", metavar="SECS", help=help, default=default)


def _seconds(name: str, help: str, default: float) -> Setting:
    return Setting(name=name, kind="seconds", metavar="SECS", help=help, default=default)


SETTINGS: tuple[Setting, ...] = (
    Setting(name="port", kind="port", metavar="N", default=9100, help="TCP port on 127.0.0.1"),
    _text("listen", "ENDPOINT", "endpoint to listen on; replaces --port", repeatable=True),
    _text("socket", "PATH|none", "Unix socket to serve", env="CAR_SERVER_SOCKET"),
    _text("state_dir", "DIR", "root of all that is kept, absolute", env="CAR_HOME"),
    _path("journal_dir", "DIR", "where journals are written", "~/.car/journals"),
    _path("meetings_root", "DIR", "where meetings are kept", ".car/meetings"),
    _path("agents_manifest", "FILE", "the supervised agents", "~/.car/agents.json"),
    _path("tools_root", "DIR", "what built-in file tools may touch; without it, nothing"),
    _switch("browser_evaluate", "let browser scripts run JavaScript in pages"),
    _switch("browser_allow_file", "let browser scripts open file: URLs"),
    _path("browser_uploads", "DIR", "what browser scripts may upload by path; without it, nothing"),
    _text("browser_max", "N", "browsers at once; sized from RAM otherwise"),
    _path("config", "FILE", "TOML file of settings"),
    _text("store", "URL", "database for what outlives a session"),
    _choice("durability", "what recorded lines survive", "process", "none", "process", "power"),
    _switch("journal_chain", "chain journal lines by hashes"),
    _switch("no_blobs", "keep no side files for large values"),
    _text("redact", "KEY", "key whose values never reach the journal", repeatable=True),
    _switch("no_auth", "let anybody who can connect in"),
    _switch("require_auth", "accepted for compatibility; authentication is on by default"),
    Setting(name="auth_token", kind="secret", metavar="@FILE", help="the token clients must show"),
    _text("allowed_host", "NAME", "name clients may call this daemon by", repeatable=True),
    _text("allowed_origin", "URL", "web origin that may connect", repeatable=True),
    _switch("insecure_expose", "listen to other machines without authentication or TLS"),
    _text("shared_memgine", "PATH", "one memory graph for all; :memory: keeps no file"),
    _text("memory_encoder", "MODEL", "embedding model for memories; words alone without it"),
    _text(
        "skill_writer", "MODEL", "model that puts distilled skills in words and mends broken ones"
    ),
    _text("skill_signer", "NAME=KEY", "whose packs of skills to trust", repeatable=True),
    _seconds("consolidate_interval", "how often kept memories are tidied; 0 for never", 3600.0),
    _choice("permission_tier", "gate tools by this tier", None, *TIERS),
    _switch("no_approvals", "run high-risk methods without asking"),
    _timeout("approval_timeout", "how long a high-risk call waits for a yes"),
    _timeout("tool_timeout", "how long a tool may take when its action names no budget"),
    _timeout("handler_timeout", "how long any request may take"),
    _seconds("resume_grace", "how long a lost session may be taken up again", 60.0),
    _text("limit", "NAME=VALUE", "change a limit; server.limits names them", repeatable=True),
    _text("mcp_bind", "HOST:PORT", "serve MCP there; disabled turns it off"),
    _text("a2a_bind", "HOST:PORT", "serve A2A there; disabled turns it off"),
    _choice("log_format", "form of log lines", "text", "text", "json"),
    _choice("log_level", "least level that is logged", "info", *LEVELS),
    _text("inference_max_concurrent", "N", "local inferences at once; sized from RAM otherwise"),
    _seconds("local_decode_timeout_secs", "longest local decode; 0 for no bound", 300.0),
)
"""All settings, in the order of the help (``protocol.md`` §8, flags and environment)."""

_ROW = {setting.name: setting for setting in SETTINGS}


class Settings(Struct, frozen=True, kw_only=True):
    """The settings in force.  Paths are absolute; what nobody set and has no default is None.

    The three timeouts of the table stand in ``limits``.  ``origins`` tells where each value
    came from, by setting; ``warnings`` are lines to be logged at each start.
    """

    port: int
    listen: tuple[str, ...]
    socket: Path | None
    state_dir: Path
    journal_dir: Path
    meetings_root: Path
    agents_manifest: Path
    tools_root: Path | None
    browser_evaluate: bool
    browser_allow_file: bool
    browser_uploads: Path | None
    browser_max: str | None
    config: Path | None
    store: str | None
    durability: Literal["none", "process", "power"]
    journal_chain: bool
    no_blobs: bool
    redact: tuple[str, ...]
    no_auth: bool
    require_auth: bool
    auth_token: Secret | None
    allowed_host: tuple[str, ...]
    allowed_origin: tuple[str, ...]
    insecure_expose: bool
    shared_memgine: str | None
    memory_encoder: str | None
    skill_writer: str | None
    skill_signer: tuple[str, ...]
    consolidate_interval: float
    permission_tier: Literal["read_only", "sandbox_edit", "full_access"] | None
    no_approvals: bool
    resume_grace: float
    limit: tuple[str, ...]
    mcp_bind: str | None
    a2a_bind: str | None
    log_format: Literal["text", "json"]
    log_level: Literal["debug", "info", "warn", "error", "critical"]
    inference_max_concurrent: str | None
    local_decode_timeout_secs: float

    limits: Limits
    places: Places
    origins: dict[str, Origin]
    warnings: tuple[str, ...]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The Twisted endpoint descriptions to listen on, Unix socket not included."""
        return self.listen or (f"tcp:{self.port}:interface=127.0.0.1",)

    def value(self, name: str) -> Any:
        """The value of the setting *name* of the table, wherever it stands."""
        return getattr(self.limits if name in _LIMIT_SETTINGS else self, name)


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str], cwd: Path, platform: str = sys.platform
) -> Settings:
    """Read the settings from *flags*, *environ*, the file that they name, and the defaults.

    *flags* maps names to what was given on the command line, a list for a repeatable one;
    None, empty texts and switches that are off count as not given.  Relative paths lie
    under *cwd*.  Raises SettingsError, one line naming the setting and what would be right.
    """
    sources = Sources(SETTINGS, flags, environ)
    config = _config_file(sources, environ, cwd, platform)
    if config is not None:
        sources.read_file(config)
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = sources.read(setting)
    places = find_places(environ, platform, values["state_dir"])

    def path(text: str | None) -> Path | None:
        return None if text is None else resolve(text, places.root, cwd, environ, platform)

    for setting in SETTINGS:
        if setting.kind == "path":
            values[setting.name] = path(values[setting.name])
    values["config"] = config
    values["state_dir"] = places.root
    values["socket"] = _socket(values["socket"], places.socket, path)
    if values["shared_memgine"] not in (None, ":memory:"):
        values["shared_memgine"] = str(path(values["shared_memgine"]))
    for name in _BINDS:
        values[name] = _bind(name, values[name])
    _check_signers(values["skill_signer"])
    limits = _limits(values, origins)
    warnings = [*_token_warnings(values, origins), *_exposures(values)]
    values["auth_token"] = _auth_token(values["auth_token"], origins["auth_token"], path)
    return Settings(
        **values, limits=limits, places=places, origins=origins, warnings=tuple(warnings)
    )


def _config_file(
    sources: Sources, environ: Mapping[str, str], cwd: Path, platform: str
) -> Path | None:
    """The path of the TOML file, None without one.

    ``~/.car/`` in it means the root as flag or variable have it: the file is yet to be read.
    """
    text, _ = sources.read(_ROW["config"])
    if text is None:
        return None
    root = find_places(environ, platform, sources.read(_ROW["state_dir"])[0]).root
    return resolve(text, root, cwd, environ, platform)


def _socket(text: str | None, default: Path | None, path: _Resolver) -> Path | None:
    if text is None:
        return default
    return None if text == "none" else path(text)


def _bind(name: str, text: str | None) -> str | None:
    """A ``HOST:PORT`` as given, None for ``disabled``; raises SettingsError."""
    if text is None or text == "disabled":
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"{name} must be HOST:PORT or disabled, not '{text}'")
    return text


def _check_signers(texts: tuple[str, ...]) -> None:
    try:
        trusted_signers(texts)
    except BrokenSigner as problem:
        raise SettingsError(f"skill_signer: {problem}") from None


def _limits(values: dict[str, Any], origins: dict[str, Origin]) -> Limits:
    """The limits in force; takes the settings that are limits out of *values*.

    A timeout given by its own setting wins over one given by ``limit``.
    """
    general = Limits().with_overrides(values["limit"])
    explicit = []
    for name in _LIMIT_SETTINGS:
        value = values.pop(name)
        if origins[name] != "default":
            explicit.append(f"{name}={value}")
        elif getattr(general, name) != value:
            origins[name] = origins["limit"]
    return general.with_overrides(explicit)


def _token_warnings(values: Mapping[str, Any], origins: Mapping[str, Origin]) -> list[str]:
    token = values["auth_token"]
    if token is None or origins["auth_token"] != "flag" or token.startswith("@"):
        return []
    return [
        "every local user can see the token given by --auth-token; "
        "use --auth-token @FILE or CAR_AUTH_TOKEN"
    ]


def _auth_token(text: str | None, origin: Origin, path: _Resolver) -> Secret | None:
    """The operator's token; ``@FILE`` names a file that holds it, except in the variable,
    which clients read as well and take at its word.  Raises SettingsError."""
    if text is None:
        return None
    file = path(text[1:]) if text.startswith("@") and origin != "environment" else None
    if file is not None:
        try:
            text = file.read_text("utf-8")
        except OSError as problem:
            raise SettingsError(
                f"the token file {file} cannot be read: {problem.strerror}"
            ) from None
        except UnicodeDecodeError:
            raise SettingsError(f"the token file {file} must hold UTF-8 text") from None
    if not text.strip():
        raise SettingsError("the token of auth_token must not be blank")
    return Secret(text.strip())


def _exposures(values: Mapping[str, Any]) -> list[str]:
    """What other machines can reach unprotected: lines to log, if the operator insists.

    Raises SettingsError if not (``reliability.md`` T5).
    """
    auth = not values["no_auth"]
    found = {f"--listen {text}": exposure(text, auth) for text in values["listen"]}
    for name in _BINDS:
        if values[name] is not None:
            found[f"--{_ROW[name].flag} {values[name]}"] = bind_exposure(values[name], auth)
    lines = [
        f"{what} can be reached from other machines without {lack}"
        for what, lack in found.items()
        if lack is not None
    ]
    if lines and not values["insecure_expose"]:
        raise SettingsError(
            f"{lines[0]}; bind 127.0.0.1, add what is missing, or give --insecure-expose"
        )
    return lines
