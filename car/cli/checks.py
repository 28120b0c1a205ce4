"""What ``car doctor`` looks at on this machine: files, sockets, limits, versions.

Each check answers findings; none changes anything.  Whether a daemon answers is asked
elsewhere, as that takes a connection.
"""

import os
import re
import socket
import stat
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil  # type: ignore[import-untyped]  # ships no types
from msgspec import Struct

import car
from car.cli.texts import counted
from car.eventlog.errors import JournalError
from car.eventlog.reading import find_torn
from car.server.election import is_alive
from car.settings import SETTINGS, Settings

Level = Literal["ok", "warn", "fail"]

JOURNALS_LOOKED_AT = 200
"""The newest journals, whose ends are read."""

CLOCK_SECONDS = 60.0
"""How far ahead of the clock a journal may be before the clock is doubted."""

SPARE_FILES = 64
"""Descriptors the daemon needs beside one a connection and one a journal."""


class Finding(Struct, frozen=True):
    """One line of the diagnosis; *fix* says what to do, empty where nothing is to be done."""

    level: Level
    what: str
    fix: str = ""


def check_all(settings: Settings) -> Iterator[Finding]:
    """Every check, in the order in which they are told."""
    yield from check_versions()
    yield from check_settings(settings)
    yield from check_root(settings)
    yield from check_primary(settings)
    yield from check_sockets(settings)
    yield from check_tokens(settings)
    yield from check_journals(settings)
    yield from check_files_limit(settings)


def check_versions() -> Iterator[Finding]:
    """The interpreter, and every package that ours requires."""
    yield Finding("ok", f"car {car.__version__}, Python {sys.version.split()[0]}")
    owners = metadata.packages_distributions().get(car.__name__, [])
    if not owners:
        yield Finding("warn", "car runs from a checkout that is not installed", "pip install -e .")
        return
    found = []
    for requirement in metadata.requires(owners[0]) or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding("fail", f"{name} is not installed", f"pip install '{requirement}'")
    yield Finding("ok", ", ".join(found))


def check_settings(settings: Settings) -> Iterator[Finding]:
    """What differs from the defaults, and what the daemon would warn of."""
    for setting in SETTINGS:
        origin = settings.origins[setting.name]
        if origin != "default":
            value = settings.value(setting.name)
            yield Finding("ok", f"setting {setting.name} = {value} (from the {origin})")
    for warning in settings.warnings:
        yield Finding("warn", warning, "see car config show")


def check_root(settings: Settings) -> Iterator[Finding]:
    """The state root: there, private, writable."""
    root = settings.places.root
    if not root.exists():
        yield Finding("ok", f"state root {root}: made at the first start")
        return
    if not root.is_dir():
        yield Finding("fail", f"state root {root} is not a directory", "choose another CAR_HOME")
        return
    if not os.access(root, os.W_OK | os.X_OK):
        yield Finding(
            "fail", f"state root {root} cannot be written", f"chown it, or chmod u+rwx {root}"
        )
    others = stat.S_IMODE(root.stat().st_mode) & 0o077
    if others:
        yield Finding("warn", f"state root {root} is open to other users", f"chmod 700 {root}")
    else:
        yield Finding("ok", f"state root {root}")


def check_primary(settings: Settings) -> Iterator[Finding]:
    """Whether a daemon is the primary of this root."""
    try:
        text = settings.places.pid.read_text("ascii").strip()
    except FileNotFoundError:
        yield Finding("ok", "no daemon is the primary of this state root")
        return
    except (OSError, UnicodeDecodeError) as problem:
        yield Finding("warn", f"{settings.places.pid} cannot be read: {problem}", "look at it")
        return
    if text.isdecimal() and psutil.pid_exists(int(text)):
        yield Finding("ok", f"the primary of this state root is process {text}")
    else:
        yield Finding(
            "warn", f"the primary, process {text}, ended without notice", "harmless: start anew"
        )


def check_sockets(settings: Settings) -> Iterator[Finding]:
    """The Unix socket and the TCP port: served, free, or left behind."""
    path = settings.socket
    if path is not None and path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            yield Finding("fail", f"{path} is not a socket", "remove it, or choose --socket")
        elif is_alive(path):
            yield Finding("ok", f"a daemon serves {path}")
        else:
            yield Finding("warn", f"nobody serves {path}", "harmless: the next start replaces it")
    if settings.listen:
        return
    taken = _is_taken(settings.port)
    yield Finding("ok", f"port {settings.port} is {'in use' if taken else 'free'}")


def _is_taken(port: int) -> bool:
    """Whether somebody listens on *port* of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return port != 0 and probe.connect_ex(("127.0.0.1", port)) == 0


def check_tokens(settings: Settings) -> Iterator[Finding]:
    """The token files: private, and not blank."""
    if settings.no_auth:
        yield Finding("warn", "authentication is off", "start the daemon without --no-auth")
    for path in (settings.places.auth_token, settings.places.host_token):
        try:
            status = path.stat()
            blank = not path.read_text("utf-8").strip()
        except FileNotFoundError:
            yield Finding("ok", f"no token in {path}: a running daemon would write it")
        except (OSError, UnicodeDecodeError) as problem:
            yield Finding("fail", f"{path} cannot be read: {problem}", f"rm {path}, start anew")
        else:
            if stat.S_IMODE(status.st_mode) & 0o077:
                yield Finding("fail", f"{path} is open to other users", f"chmod 600 {path}")
            elif blank:
                yield Finding("fail", f"{path} is blank", f"rm {path}, start anew")
            else:
                yield Finding("ok", f"token in {path}")


def check_journals(settings: Settings) -> Iterator[Finding]:
    """The journals: writable, whole, and not of a time to come."""
    directory = settings.journal_dir
    if not directory.is_dir():
        yield Finding("ok", f"no journals in {directory} yet")
        return
    if not os.access(directory, os.W_OK | os.X_OK):
        yield Finding("fail", f"{directory} cannot be written", f"chmod u+rwx {directory}")
    journals = sorted(directory.glob("*.jsonl"), key=_changed_at, reverse=True)
    yield Finding("ok", f"{counted(len(journals), 'journal file')} in {directory}")
    for path in journals[:JOURNALS_LOOKED_AT]:
        try:
            torn = find_torn(path) is not None
        except JournalError as problem:
            yield Finding("fail", str(problem), f"chmod u+rw {path}")
            continue
        if torn:
            yield Finding(
                "warn", f"{path} ends in the middle of a line", f"see car journal verify {path}"
            )
    ahead = _changed_at(journals[0]) - time.time() if journals else 0.0
    if ahead > CLOCK_SECONDS:
        yield Finding(
            "warn", f"the clock is {ahead:.0f} s behind the newest journal", "set the clock"
        )


def _changed_at(path: Path) -> float:
    """When a file was last written, in seconds since the epoch; 0 for one just gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def check_files_limit(settings: Settings) -> Iterator[Finding]:
    """Whether this process might open as many files as a full daemon needs."""
    if sys.platform == "win32":
        return
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * settings.limits.max_connections + SPARE_FILES
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        yield Finding(
            "warn",
            f"{allowed} open files are allowed; a full daemon needs {needed}",
            f"ulimit -n {needed}, or lower --limit max_connections",
        )
    else:
        yield Finding("ok", f"open files: enough for {settings.limits.max_connections} connections")
