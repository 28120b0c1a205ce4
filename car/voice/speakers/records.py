"""The records of speakers: vectors and how they are compared, enrolments, what is asked."""

from typing import Literal, NamedTuple

import numpy as np
from msgspec import UNSET, Struct, UnsetType
from numpy.typing import NDArray

Vector = NDArray[np.float64]
"""A voice; of unit length, so that the product of two is their cosine."""


class Thresholds(NamedTuple):
    """Cosines: ``match`` from which a voice is an enrolled one, ``join`` from which it is one
    that was heard before, ``near`` the same for segments of little speech."""

    match: float
    join: float
    near: float


class Heard(NamedTuple):
    """What a stretch of audio says of its speaker.

    ``voiced_ms`` is how long somebody speaks; ``vector`` is None where that is too short for
    any.
    """

    voiced_ms: int
    vector: Vector | None


class Voiceprint(NamedTuple):
    """An enrolled voice: its vector and the model that the vector is of."""

    label: str
    model_id: str
    vector: Vector


# ---- what is asked, and answered -----------------------------------------------------------


class WavAudio(Struct, frozen=True, tag="wav", tag_field="kind"):
    """A file of audio by its absolute path."""

    path: str


class PcmAudio(Struct, frozen=True, tag="pcm", tag_field="kind"):
    """Samples (s16le, interleaved) in base64."""

    sample_rate: int
    pcm_b64: str
    channels: int = 1


EnrollmentAudio = WavAudio | PcmAudio


class Enrollment(Struct, frozen=True, kw_only=True):
    """An enrolled speaker; ``path`` is the file of the voiceprint."""

    label: str
    model_id: str
    path: str


class PreparedDiarizer(Struct, frozen=True, kw_only=True):
    """Speakers can be told apart, with ``model_id``; ``reason`` says why it is not the better
    model."""

    status: Literal["ready"] = "ready"
    model_id: str
    reason: str | UnsetType = UNSET
