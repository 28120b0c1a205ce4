"""The files of enrolled speakers, ``voiceprints/<label>.toml`` under the state root.

Each holds ``label`` and a table ``[embedding]`` with ``values`` and ``model``, as the reference
has them.  Everything here blocks and is for threads.  How a vector comes about is for ``vectors``.
"""

import re
import tomllib
from pathlib import Path

import numpy as np
from msgspec import Struct
from twisted.logger import Logger

from car.errors import CarError
from car.ir.json import RecordError, convert
from car.secrets.errors import SecretsUnavailable
from car.secrets.files import write_private
from car.voice.errors import InvalidRequest, VoiceError
from car.voice.speakers.records import Voiceprint

_log = Logger()

DIRECTORY = "voiceprints"
"""Under the state root."""

MAX_LABEL_CHARS = 64

_LABEL = re.compile(r"[A-Za-z0-9._-]*")

_ENDING = ".toml"

_DECIMALS = 7
"""What is kept of a value: all that 32 bits hold of numbers around 0.1."""


class _Embedding(Struct, frozen=True):
    values: list[float]
    model: str


class _File(Struct, frozen=True):
    label: str
    embedding: _Embedding


def check_label(label: str) -> None:
    """Raise InvalidRequest for what cannot be a label; it becomes the name of a file."""
    if not 1 <= len(label) <= MAX_LABEL_CHARS:
        raise InvalidRequest(
            f"an enrollment label has 1 to {MAX_LABEL_CHARS} characters, and this one {len(label)}"
        )
    if not _LABEL.fullmatch(label):
        raise InvalidRequest(f"invalid enrollment label '{label}': only [a-zA-Z0-9._-] allowed")


class Voiceprints:
    """The voiceprints in *directory*, which need not be there yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, label: str) -> Path:
        """Where *label* is kept.  Raises InvalidRequest."""
        check_label(label)
        return self._directory / f"{label}{_ENDING}"

    def write(self, voiceprint: Voiceprint) -> Path:
        """Keep *voiceprint*, instead of an earlier one of its label, for this user's eyes only.

        Raises VoiceError.
        """
        path = self.path(voiceprint.label)
        try:
            write_private(path, _text(voiceprint).encode())
        except SecretsUnavailable as problem:
            raise VoiceError(str(problem)) from None
        return path

    def all(self) -> list[Voiceprint]:
        """All of them, by label; what is no voiceprint is left out, and the log says so."""
        found = []
        for path in sorted(self._directory.glob(f"*{_ENDING}")):
            try:
                found.append(_read(path))
            except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, CarError) as problem:
                _log.warn(
                    "voiceprint {path} cannot be read and is left out: {problem}",
                    path=str(path),
                    problem=str(problem),
                )
        return found

    def remove(self, label: str) -> None:
        """Forget *label*, if it is there.  Raises InvalidRequest, VoiceError."""
        path = self.path(label)
        try:
            path.unlink(missing_ok=True)
        except OSError as problem:
            raise VoiceError(f"{path} cannot be removed: {problem.strerror}") from None


def _read(path: Path) -> Voiceprint:
    """Raises OSError, TOMLDecodeError, UnicodeDecodeError or CarError."""
    with path.open("rb") as file:
        content = convert(tomllib.load(file), _File)
    vector = np.array(content.embedding.values)
    length = np.linalg.norm(vector)
    if not 0 < length < np.inf:
        raise RecordError("embedding.values: expected finite numbers that are not all 0")
    if content.label != path.name.removesuffix(_ENDING):
        raise RecordError(f"label: expected the file's name, not '{content.label}'")
    check_label(content.label)
    return Voiceprint(content.label, content.embedding.model, vector / length)


def _text(voiceprint: Voiceprint) -> str:
    """TOML; neither label nor model have characters that would need escapes."""
    values = ", ".join(repr(round(float(value), _DECIMALS)) for value in voiceprint.vector)
    return (
        f'label = "{voiceprint.label}"\n\n'
        f'[embedding]\nvalues = [{values}]\nmodel = "{voiceprint.model_id}"\n'
    )
