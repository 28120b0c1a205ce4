"""What can go wrong between a microphone and a transcript, in words for the client."""

from car.errors import CarError

CLOSED = "the voice session was closed"
"""Why a text that was awaited does not come any more."""


class VoiceError(CarError):
    """The root of this package's failures."""

    code = "voice"


class InvalidRequest(VoiceError):
    """A request that cannot be honoured; the message names the field and what would be right."""

    code = "invalid_request"


class UnknownProvider(VoiceError):
    """A provider that is not known; the message lists those that are."""

    code = "unknown_provider"


class UnknownSession(VoiceError):
    """A voice session or stream that is not there."""

    code = "not_found"


class DuplicateSession(VoiceError):
    """A voice session or stream under an id that is taken."""

    code = "duplicate"


class Behind(VoiceError):
    """Audio comes faster than it can be decoded; the push was refused."""

    code = "busy"


class TooMany(VoiceError):
    """No more voice sessions or streams may be opened."""

    code = "busy"


class MissingComponent(VoiceError):
    """A library, program, device or model that is not there; the message says how to get it."""

    code = "missing_component"


class MissingKey(VoiceError):
    """No API key where one is needed; the message names what was looked at."""

    code = "missing_key"


class SourceFailed(VoiceError):
    """A file, pipe or device that gives no audio (any more)."""


class EngineFailed(VoiceError):
    """A recogniser or synthesiser that broke: its process ended, its provider refused."""
