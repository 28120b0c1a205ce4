"""The workers of this daemon's local models: one process a model, started when it is called.

What a model is asked is for ``generator`` and ``texts``.
"""

from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.python.failure import Failure

from car.inference.errors import (
    CallTimeout,
    InferenceError,
    InvalidRequest,
    MissingComponent,
    NotEnoughMemory,
    UnsupportedMode,
    WorkerFailed,
)
from car.inference.local.locate import ModelFiles, backend_of, check_memory, local_source
from car.inference.models import ModelSchema
from car.ir.json import JsonObject, JsonValue
from car.worker import errors as worker_errors
from car.worker.process import CALL_SECONDS, IDLE_SECONDS, OnPart, WorkerProcess

DEFAULT_CONTEXT = 4_096
"""The context of a model that does not say how long its own is [ours]."""

MAX_CONTEXT = 16_384
"""The longest context that is made room for [ours]: the cache of a longer one takes as much
memory as the weights."""


BACKENDS = "car.inference.local.backends"
"""The module that the workers import."""


def threads_to_use() -> int:
    """How many threads compute: one core is left to the daemon.

    Threads of llama.cpp wait for one another in a loop, so that with as many as there are
    cores everything slows down as soon as anything else runs: with two of them on two busy
    cores 2 tokens a second were measured, with one 58.
    """
    return max(1, (psutil.cpu_count(logical=False) or 2) - 1)


class LocalWorkers:
    """Workers by model.

    *reactor* provides IReactorProcess and IReactorTime.  *slots* is how many calls a GGUF
    model runs at once (the permits of the admission gate), *threads* how many threads each
    worker computes with, None for all cores but one.
    """

    def __init__(
        self,
        reactor: Any,
        files: ModelFiles,
        *,
        slots: int = 1,
        threads: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._reactor = reactor
        self._files = files
        self._slots = slots
        self._threads = threads or threads_to_use()
        self._idle_seconds = idle_seconds
        self._stopped = False
        self._workers: dict[tuple[str, str, int], WorkerProcess] = {}

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run."""
        return [worker.pid for worker in self._workers.values() if worker.pid is not None]

    def call(
        self,
        model: ModelSchema,
        op: str,
        arguments: JsonObject,
        on_part: OnPart | None = None,
        *,
        seconds: float = CALL_SECONDS,
    ) -> "Deferred[JsonValue]":
        """Have *model* do *op*, as ``WorkerProcess.call`` does.

        Fails also with NoModel where its file is missing and with NotEnoughMemory.  Raises
        InvalidRequest for a model that is not local.
        """
        if self._stopped:
            return fail(WorkerFailed("local models were stopped"))
        answer = self._worker(model).call(op, arguments, on_part, seconds=seconds)
        return answer.addErrback(_as_inference_error)

    def stop(self) -> "Deferred[None]":
        """Kill all workers and refuse further calls; fires when they are gone."""
        self._stopped = True
        ended = DeferredList([worker.stop() for worker in self._workers.values()])
        return ended.addCallback(lambda _: None)

    def _worker(self, model: ModelSchema) -> WorkerProcess:
        source = local_source(model)
        key = (model.id, source.path or source.hf_filename, model.context_length)
        if key not in self._workers:
            self._workers[key] = WorkerProcess(
                self._reactor,
                backend_of(source),
                BACKENDS,
                lambda: self._options(model),
                (InferenceError, UnsupportedMode, InvalidRequest, MissingComponent),
                idle_seconds=self._idle_seconds,
            )
        return self._workers[key]

    def _options(self, model: ModelSchema) -> JsonObject:
        """What the worker of *model* is to load; makes room for it."""
        weights = self._files.find(model)
        options: JsonObject = {
            "backend": backend_of(local_source(model)),
            "path": str(weights),
            "context": min(model.context_length or DEFAULT_CONTEXT, MAX_CONTEXT),
            "threads": self._threads,
        }
        if options["backend"] == "onnx":
            options["tokenizer"] = str(self._files.find_tokenizer(model, weights))
        else:
            options["slots"] = self._slots
        self._make_room(model, weights)
        return options

    def _make_room(self, model: ModelSchema, weights: Path) -> None:
        """Retire the workers that nobody waits for where *model* would not fit beside them.

        Raises NotEnoughMemory.
        """
        try:
            check_memory(model, weights)
        except NotEnoughMemory:
            idle = [worker for worker in self._workers.values() if worker.pid and not worker.busy]
            check_memory(model, weights, sum(_resident(worker.pid) for worker in idle))
            for worker in idle:
                worker.retire()


def _as_inference_error(failure: Failure) -> None:
    """Raise the failure of the process as one of this package."""
    failure.trap(worker_errors.WorkerFailed)
    timeout = isinstance(failure.value, worker_errors.CallTimeout)
    raise (CallTimeout if timeout else WorkerFailed)(str(failure.value))


def _resident(pid: int | None) -> int:
    try:
        size: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return size
