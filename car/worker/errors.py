"""What can go wrong with a worker process."""

from car.errors import CarError


class WorkerFailed(CarError):
    """The process ended, cannot be started, is held off after ending too often, or was stopped."""

    code = "worker"


class CallTimeout(WorkerFailed):
    """A call that took too long; the worker was told to stop."""
