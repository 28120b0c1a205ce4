"""What can go wrong between a prompt and its answer, in words for the client."""

from car.errors import CarError


class InferenceError(CarError):
    """The root of this package's failures."""


class NoModel(InferenceError):
    """No model can do what was asked, or the one that was named is not known."""


class UnsupportedMode(InferenceError):
    """Something that this model or its provider cannot do; told as ``UnsupportedMode …``."""

    code = "unsupported_mode"


class MissingComponent(InferenceError):
    """An optional part that is not installed; the message has the command that installs it."""

    code = "missing_component"


class MissingKey(InferenceError):
    """No API key where one is needed; the message names what was looked at."""

    code = "missing_key"


class ProviderError(InferenceError):
    """A provider answered with an error, or not at all.

    ``status`` is the HTTP status, None where there was none; ``retry_after`` seconds, where
    the provider named them; ``retryable`` whether another try may help.
    """

    code = "provider"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable


class ContentRefused(InferenceError):
    """The provider refuses to answer this; not tried again, nor with another model (-32007)."""


class WorkerFailed(InferenceError):
    """The process of a local model ended, or is held off after ending too often."""

    code = "worker"


class CallTimeout(WorkerFailed):
    """A call of a local model that took too long; the model was told to stop."""


class NotEnoughMemory(InferenceError):
    """A local model that does not fit into the memory that is free."""

    code = "memory"


class PullFailed(InferenceError):
    """Files of a model that could not be fetched; the message says whether trying again helps."""

    code = "pull"


class QueueFull(InferenceError):
    """Too many wait for a local model already."""

    code = "busy"


class InvalidRequest(InferenceError):
    """A request that cannot be put to a model; the message names the member that is wrong."""

    code = "invalid_request"
