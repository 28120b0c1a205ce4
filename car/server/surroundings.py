"""What the machine around the daemon is and has: platform, programs, devices.

Read anew at every question, as programs are installed and devices plugged in.  What follows
from it is left to the methods that ask.
"""

import glob
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from car.browser.finding import NAMES

PLATFORMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
"""The platforms as the wire names them, by ``sys.platform``."""


def _any_readable(pattern: str) -> bool:
    return any(os.access(path, os.R_OK) for path in glob.glob(pattern))


def _environ() -> Mapping[str, str]:
    return os.environ


@dataclass(frozen=True)
class Surroundings:
    """One machine; a test makes up its own.

    ``which`` finds a program on the path, ``any_readable`` says whether some path of a glob
    can be read.
    """

    platform: str = sys.platform
    environ: Mapping[str, str] = field(default_factory=_environ)
    which: Callable[[str], str | None] = shutil.which
    any_readable: Callable[[str], bool] = _any_readable

    @property
    def name(self) -> str:
        """The platform's name on the wire."""
        return PLATFORMS.get(self.platform, self.platform)

    @property
    def has_browser(self) -> bool:
        """Whether there is a Chromium to drive."""
        chosen = self.environ.get("CAR_CHROME")
        return any(self.which(program) for program in ((chosen,) if chosen else NAMES))

    @property
    def has_display(self) -> bool:
        """Whether there is a screen that belongs to this process."""
        return any(self.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))

    @property
    def has_microphone(self) -> bool:
        """Whether sound can be recorded: an ALSA device, or a sound server's socket."""
        runtime = self.environ.get("XDG_RUNTIME_DIR", "")
        sockets = (f"{runtime}/pulse/native", f"{runtime}/pipewire-0") if runtime else ()
        return any(self.any_readable(path) for path in ("/dev/snd/pcm*c", *sockets))

    @property
    def has_camera(self) -> bool:
        """Whether there is a video device that can be read."""
        return self.any_readable("/dev/video*")


HERE: Final = Surroundings()
"""The machine that the daemon runs on."""
