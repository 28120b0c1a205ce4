"""``automation.*``: scripts and shortcuts of the platform, which this daemon does not run."""

from typing import Literal

from msgspec import Struct

from car.ir.json import JsonObject, JsonValue
from car.server.errors import Unsupported
from car.server.registry import method
from car.server.session import ClientSession

# The reference's own words on a platform without the program (protocol.md §12).
_PREFIX = "automation backend not supported on this platform: "
_OSASCRIPT = _PREFIX + "osascript is only available on macOS"
_SHORTCUTS = _PREFIX + "shortcuts CLI is only available on macOS"
_POWERSHELL = _PREFIX + "PowerShell is only available on Windows"


class AppleScript(Struct, frozen=True):
    """A script for osascript."""

    script: str
    language: Literal["applescript", "javascript"] = "applescript"
    args: list[str] | None = None
    timeout_ms: int | None = None


class PowerShell(Struct, frozen=True):
    """A script for PowerShell."""

    script: str
    timeout_ms: int | None = None


class WhichShortcuts(Struct, frozen=True):
    """Which shortcuts to list."""

    folder: str | None = None
    with_identifiers: bool | None = None


class Shortcut(Struct, frozen=True):
    """A shortcut to run."""

    name_or_id: str
    input: JsonValue = None
    output_type: str | None = None
    timeout_ms: int | None = None


@method("automation.run_applescript")
def run_applescript(session: ClientSession, params: AppleScript) -> JsonObject:
    """Run a script of macOS: not supported.

    Params: ``script``, ``language?`` (``applescript`` or ``javascript``), ``args?``,
    ``timeout_ms?``.  Errors: -32603, always.
    """
    raise Unsupported(_OSASCRIPT)


@method("automation.run_powershell")
def run_powershell(session: ClientSession, params: PowerShell) -> JsonObject:
    """Run a script of Windows: not supported.

    Params: ``script``, ``timeout_ms?``.  Errors: -32603, always.
    """
    raise Unsupported(_POWERSHELL)


@method("automation.shortcuts.list")
def shortcuts_list(session: ClientSession, params: WhichShortcuts) -> JsonObject:
    """List the shortcuts of macOS: not supported.

    Params: ``folder?``, ``with_identifiers?``.  Errors: -32603, always.
    """
    raise Unsupported(_SHORTCUTS)


@method("automation.shortcuts.run")
def shortcuts_run(session: ClientSession, params: Shortcut) -> JsonObject:
    """Run a shortcut of macOS: not supported.

    Params: ``name_or_id``, ``input?``, ``output_type?``, ``timeout_ms?``.  Errors: -32603,
    always.
    """
    raise Unsupported(_SHORTCUTS)
