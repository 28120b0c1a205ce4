"""The daemon's inference, put together: models, back ends, gates, one engine over them.

Built at the first use, as most connections never ask a model for anything.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.client import HTTPConnectionPool

from car.inference.engine import InferenceEngine
from car.inference.interfaces import IKeySource
from car.inference.local.generator import LocalGenerator
from car.inference.local.locate import ModelFiles
from car.inference.local.texts import LocalTexts
from car.inference.local.workers import LocalWorkers
from car.inference.pull import Puller
from car.inference.remote.backend import RemoteGenerator
from car.inference.remote.proxies import environment_proxies
from car.inference.remote.transport import DEFAULT_TIMEOUTS
from car.inference.remote.ways import RoutedAgent, hostname_ways
from car.inference.runner import DelegatedRunner
from car.inference.service import Models
from car.server.admission import AdmissionGate
from car.store.thread import InThread

_log = Logger()


class Inference(Service):
    """Everything about models that connections share.

    *root* is the state root, None for a server that keeps nothing.  *local_gate*
    and *remote_gate* let so many calls through at a time (decision 11); a local answer may take
    *local_seconds*.
    *embedded* is an embedder's own engine, which takes the place of ours.
    """

    def __init__(
        self,
        root: Path | None,
        reactor: Any,
        keys: IKeySource,
        in_thread: InThread,
        clock: IReactorTime,
        now: Callable[[], float],
        *,
        local_gate: AdmissionGate,
        remote_gate: AdmissionGate,
        local_seconds: float,
        embedded: Any = None,
    ) -> None:
        self._root = root
        self._reactor = reactor
        self._keys = keys
        self._in_thread = in_thread
        self._clock = clock
        self._now = now
        self._local_gate = local_gate
        self._remote_gate = remote_gate
        self._local_seconds = local_seconds
        self._embedded = embedded

    @cached_property
    def _runner(self) -> DelegatedRunner:
        return DelegatedRunner(self._clock)

    @cached_property
    def _files(self) -> ModelFiles:
        return ModelFiles(self._root or Path())

    @cached_property
    def _workers(self) -> LocalWorkers:
        return LocalWorkers(self._reactor, self._files, slots=self._local_gate.permits)

    @cached_property
    def _remote(self) -> RemoteGenerator:
        return RemoteGenerator(self._reactor, self._keys, self.models.key_pools, now=self._now)

    @cached_property
    def _agent(self) -> RoutedAgent:
        return RoutedAgent(
            self._reactor,
            HTTPConnectionPool(self._reactor, persistent=False),
            environment_proxies(),
            hostname_ways(self._reactor, DEFAULT_TIMEOUTS.connect),
        )

    @cached_property
    def models(self) -> Models:
        """What is known of models, and which to choose."""
        return Models(
            self._root,
            self._keys,
            self._in_thread,
            self._clock,
            self._now,
            runner_connected=lambda: self._runner.connected,
            puller=Puller(self._reactor, self._files, self._agent),
        )

    @cached_property
    def engine(self) -> InferenceEngine:
        """What runs requests."""
        if self._embedded is not None:
            engine: InferenceEngine = self._embedded
            return engine
        texts = LocalTexts(self._workers)
        return InferenceEngine(
            self.models,
            local=LocalGenerator(self._workers, seconds=self._local_seconds),
            remote=self._remote,
            runner=self._runner,
            texts=texts,
            embed_remote=self._remote.embed,
            local_gate=self._local_gate.acquire,
            remote_gate=self._remote_gate.acquire,
            clock=self._clock,
            now=self._now,
        )

    def session_closed(self, client_id: str) -> None:
        """A connection has gone; if it was the runner's, its calls fail."""
        if "engine" in vars(self) or self._embedded is not None:
            self.engine.session_closed(client_id)

    def stopService(self) -> "Deferred[None]":
        """Save what was learnt, kill the workers; fires when they are gone."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        built = vars(self)
        if "models" in built:
            await maybeDeferred(self.models.stopService)
        if "_workers" in built:
            await self._workers.stop()
        if "_remote" in built:
            await self._remote.close()
