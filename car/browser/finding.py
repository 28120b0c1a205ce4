"""Where the Chromium of this machine is, and whether it can show windows."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from car.browser.errors import NoBrowser

NAMES = (
    "chromium",
    "chromium-browser",
    "chromium-headless-shell",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
"""What to look for on the path, in this order."""

_HEADLESS_SHELL = "headless-shell"
"""What stands in the file name of the build that has no windows at all."""

_MISSING = (
    "no Chromium found (looked for chromium, chromium-headless-shell, google-chrome, chrome; "
    "set CAR_CHROME to a path). Debian: apt install chromium"
)


class BrowserBinary(msgspec.Struct, frozen=True):
    """A Chromium: its path, and whether it is the headless shell, which has no windows."""

    path: str
    is_headless_shell: bool


def find_browser(environment: Mapping[str, str] = os.environ) -> BrowserBinary:
    """The browser to launch: ``CAR_CHROME``, else the path, else the platform's usual places.

    *environment* holds ``CAR_CHROME`` and ``PATH``.  Raises NoBrowser, which says what was
    looked for; a ``CAR_CHROME`` that cannot be run is told, not passed over.
    """
    named = environment.get("CAR_CHROME")
    if named:
        path = shutil.which(named, path=environment.get("PATH"))
        if path is None:
            raise NoBrowser(f"CAR_CHROME is {named!r}, which is not a program that can be run")
        return _binary(path)
    for name in NAMES:
        path = shutil.which(name, path=environment.get("PATH"))
        if path is not None:
            return _binary(path)
    for place in _usual_places(sys.platform, environment):
        if os.access(place, os.X_OK):
            return _binary(str(place))
    raise NoBrowser(_MISSING)


def require_windows(
    binary: BrowserBinary,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> None:
    """Make sure that *binary* can show windows here; raises NoBrowser with the reason if not."""
    if binary.is_headless_shell:
        raise NoBrowser(
            f"headed needs a full Chromium; {binary.path} is the headless shell, which has no "
            "windows. Debian: apt install chromium"
        )
    has_display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if platform not in ("darwin", "win32") and not has_display:
        raise NoBrowser("headed needs a display; DISPLAY and WAYLAND_DISPLAY are unset")


def _binary(path: str) -> BrowserBinary:
    """The binary at *path*; links are followed, as a package may link a name of its own."""
    names = (os.path.basename(path), os.path.basename(os.path.realpath(path)))
    return BrowserBinary(path, any(_HEADLESS_SHELL in name for name in names))


def _usual_places(platform: str, environment: Mapping[str, str]) -> list[Path]:
    """Where installers put the browser on *platform* without putting it on the path."""
    if platform == "darwin":
        applications = (Path("/Applications"), Path.home() / "Applications")
        names = ("Chromium", "Google Chrome", "Microsoft Edge")
        return [
            folder / f"{name}.app" / "Contents" / "MacOS" / name
            for name in names
            for folder in applications
        ]
    if platform == "win32":
        roots = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        places = (
            ("Chromium", "Application", "chrome.exe"),
            ("Google", "Chrome", "Application", "chrome.exe"),
            ("Microsoft", "Edge", "Application", "msedge.exe"),
        )
        return [
            Path(environment[root], *place)
            for place in places
            for root in roots
            if environment.get(root)
        ]
    return [Path("/snap/bin/chromium"), Path("/opt/google/chrome/chrome")]
