"""Chromium's command line: the flags of ours, and which of the caller's may join them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from car.browser.errors import BadArguments

DEFAULT_WIDTH, DEFAULT_HEIGHT = 1280, 720
"""The page's size in CSS pixels unless told otherwise."""

_SIZES = range(64, 8193)
"""What a page may measure either way; a screenshot of the largest has 256 MiB of pixels."""

_MAX_ARGUMENTS = 64

_FLAG = re.compile(r"--([a-z0-9][a-z0-9-]*)(=[^\0]*)?", re.DOTALL)
"""All that is taken: ``-x`` and words without dashes would be URLs or options of a wrapper."""

_REFUSED = {
    "each browser has a profile of its own": (
        "user-data-dir", "profile-directory", "temp-profile", "disk-cache-dir",
    ),
    "use headed": ("headless",),
    "use width and height": ("window-size",),
    "a browser starts with one page": ("no-startup-window",),
    "the connection is the daemon's": ("remote-allow-origins",),
    "it would end the browser": (
        "help", "version", "dump-dom", "screenshot", "print-to-pdf", "pack-extension",
    ),
    "it would start another program": (
        "debug", "browser-subprocess-path", "gpu-launcher", "renderer-cmd-prefix",
        "utility-cmd-prefix", "zygote-cmd-prefix", "ppapi-plugin-launcher",
    ),
    "it would write outside of the profile": (
        "log-file", "log-net-log", "ssl-key-log-file", "trace-startup-file", "crash-dumps-dir",
    ),
}  # fmt: skip
_REASONS = {name: reason for reason, names in _REFUSED.items() for name in names}
"""Flags that are refused, and why."""

_FEATURES_OFF = (
    "Translate",
    "MediaRouter",
    "DialMediaRouteProvider",
    "OptimizationHints",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "PaintHolding",
    "RenderDocument",
)
"""What nobody sees who drives a page; the omnibox alone would take two more processes, the last two
make navigations half as long again (``benchmarks/browser.py``)."""

_FEATURES_ON = ("CDPScreenshotNewSurface",)
"""Pictures without waiting for the window's own surface: a quarter faster."""

_FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-back-forward-cache",
    "--disable-renderer-backgrounding",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
)
"""No first-run pages, no calls home, no keyring, pages in the background at full speed, and none
kept for a way back: each navigation would then wait for a process of its own."""

_SHARED_MEMORY = Path("/dev/shm")
_SHARED_MEMORY_BYTES = 1024**3
"""Below this a page of some size would crash for want of it; containers begin with 64 MiB."""


class LaunchSettings(msgspec.Struct, frozen=True):
    """How a browser is launched: the page's size in CSS pixels, windows or none, more flags."""

    width: int = DEFAULT_WIDTH
    height: int = DEFAULT_HEIGHT
    headed: bool = False
    extra_args: tuple[str, ...] = ()


def check_settings(settings: LaunchSettings) -> None:
    """Make sure that *settings* can be honoured; raises BadArguments, which names what cannot."""
    for name, size in (("width", settings.width), ("height", settings.height)):
        if size not in _SIZES:
            raise BadArguments(f"{name} must be {_SIZES[0]} to {_SIZES[-1]} pixels, not {size}")
    if len(settings.extra_args) > _MAX_ARGUMENTS:
        raise BadArguments(f"extra_args has more than the {_MAX_ARGUMENTS} entries allowed")
    for argument in settings.extra_args:
        _check_argument(argument)


def command_line(
    path: str, settings: LaunchSettings, profile: Path, transport: Sequence[str]
) -> list[str]:
    """The words that start the browser at *path* with one empty page.

    *profile* is its user data directory, *transport* the flags of the way to talk to it.
    ``extra_args`` come last, so that they win; only lists of features are merged, as Chromium
    takes the last such list alone.
    """
    check_settings(settings)
    features = {"--disable-features": [*_FEATURES_OFF], "--enable-features": [*_FEATURES_ON]}
    others = []
    for argument in settings.extra_args:
        name, _, value = argument.partition("=")
        if name in features:
            features[name].append(value)
        else:
            others.append(argument)
    return [
        path,
        *([] if settings.headed else ["--headless", "--hide-scrollbars"]),
        *transport,
        f"--user-data-dir={profile}",
        f"--window-size={settings.width},{settings.height}",
        *_FLAGS,
        *(["--disable-dev-shm-usage"] if _is_shared_memory_small() else []),
        *(f"{name}={','.join(values)}" for name, values in features.items()),
        *others,
        "about:blank",
    ]


def _check_argument(argument: str) -> None:
    """Refuse what is no flag, what is ours to say, and what starts another program."""
    match = _FLAG.fullmatch(argument)
    if match is None:
        raise BadArguments(
            f"extra_args: {argument!r} must be a flag as in --lang=de, in small letters"
        )
    name = match[1]
    reason = _REASONS.get(name)
    if name.startswith("remote-debugging-"):
        reason = "the connection is the daemon's"
    if reason is not None:
        raise BadArguments(f"extra_args: --{name} is not allowed: {reason}")


def _is_shared_memory_small() -> bool:
    """Whether this machine has a shared memory file system that is too small for pages."""
    try:
        return shutil.disk_usage(_SHARED_MEMORY).total < _SHARED_MEMORY_BYTES
    except OSError:
        return False  # there is none: Chromium uses another way
