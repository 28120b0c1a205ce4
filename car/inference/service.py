"""Models: what a daemon knows of models, behind one object.

Registry, router, profiles, outcomes, statistics of keys, preferences and pulls.  What is read
from disk is read at the first use; the service saves what it learnt when it stops.  Running
models is the engine's.
"""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, gatherResults
from twisted.internet.interfaces import IReactorTime

from car.inference.errors import InvalidRequest, UnsupportedMode
from car.inference.interfaces import IKeySource, InThread
from car.inference.local.locate import ModelFiles, tokenizer_place
from car.inference.local.packaged import installed_models
from car.inference.models import ModelSchema
from car.inference.outcomes import ActionResult, Outcomes
from car.inference.prefs import Prefs
from car.inference.profiles import Observation, Profiles
from car.inference.pull import PullSink
from car.inference.recommend import Machine, look_at_machine
from car.inference.records import Completion, GenerateRequest
from car.inference.registry import ModelRegistry, Snapshot, downloads_weights
from car.inference.remote.keys import KeyPools
from car.inference.router import Route, Router
from car.inference.served import Served
from car.ir.json import JsonObject


class Pulls(Protocol):
    """Brings a model's files."""

    def pull(self, model: ModelSchema, sink: PullSink) -> "Deferred[Path]":
        """Fires with the path of the weights; what happens meanwhile goes to *sink*."""


class Models(Service):
    """The models of one daemon.

    *root* is the state root, None for a daemon that keeps nothing.  *now* gives seconds since
    the epoch, *seed* makes choices repeatable.  *packaged* gives the models in installed
    distributions and *machine* what they would run on; both block and are called by *in_thread*.
    """

    def __init__(
        self,
        root: Path | None,
        keys: IKeySource,
        in_thread: InThread,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
        *,
        seed: int | None = None,
        runner_connected: Callable[[], bool] = lambda: False,
        puller: Pulls | None = None,
        packaged: Callable[[], list[ModelSchema]] = installed_models,
        served: Served | None = None,
        machine: Callable[[], Machine] = look_at_machine,
    ) -> None:
        directory = None if root is None else root / "models"
        self._in_thread = in_thread
        self._look = machine
        self._puller = puller
        self._files = ModelFiles(root or Path())
        self._profiles = Profiles(
            None if directory is None else directory / "outcome_profiles.json",
            clock,
            in_thread,
            now,
        )
        self.key_pools = KeyPools(
            None if directory is None else directory / "key_pool_stats.json", clock, in_thread, now
        )
        self._prefs = Prefs(None if directory is None else directory / "prefs.json", in_thread)
        self.registry = ModelRegistry(
            root,
            keys,
            in_thread,
            clock,
            served=served or Served(time.monotonic),
            packaged=packaged,
            runner_connected=runner_connected,
        )
        self._outcomes = Outcomes(self._profiles)
        self._random = Random(seed)
        self._router: Router | None = None
        self._loading = DeferredLock()

    def stopService(self) -> "Deferred[None]":
        """Save what was learnt of models and keys; fires when it is on disk."""
        super().stopService()
        saved = gatherResults([self._profiles.flush(), self.key_pools.flush()])
        return saved.addCallback(lambda _: None)

    # ---- for the engine ----------------------------------------------------------------------

    def choose(self, request: GenerateRequest) -> "Deferred[Route]":
        """Fires with the model to use and those to try after it; fails with NoModel."""
        return Deferred.fromCoroutine(self._choose(request))

    def choose_for(self, capability: str, model: str | None) -> "Deferred[ModelSchema]":
        """Fires with a model that has *capability*, local ones first; fails with NoModel.

        One that is named is taken as it is.
        """
        return Deferred.fromCoroutine(self._choose_for(capability, model))

    def observed(
        self,
        model: ModelSchema,
        task: str,
        ok: bool,
        latency_ms: float,
        completion: Completion | None,
        trace_id: str,
    ) -> None:
        """Note how one call went; *trace_id* is what ``outcomes.resolve_pending`` knows it by.

        Not to be told of a call that its caller gave up, nor of a model that nobody knows.
        """
        usage = None if completion is None else completion.usage
        self._outcomes.note(Observation(model.id, task, ok, latency_ms, usage), trace_id)

    # ---- for the wire ------------------------------------------------------------------------

    def snapshot(self) -> "Deferred[Snapshot]":
        """Fires with all models, and which of them can be used now."""
        return self.registry.snapshot()

    async def machine(self) -> Machine:
        """What local models run on."""
        found: Machine = await self._in_thread(self._look)
        return found

    async def stats(self) -> list[JsonObject]:
        """The profiles of ``models.stats``."""
        await self._loaded()
        return self._profiles.rows()

    async def scoreboard(self) -> JsonObject:
        """The result of ``outcomes.scoreboard``."""
        snapshot = await self.snapshot()

        def find(model_id: str) -> ModelSchema | None:
            known = snapshot.get(model_id)
            return None if known is None else known.model

        return self._outcomes.scoreboard(find)

    def resolve(self, results: list[ActionResult]) -> int:
        """Settle receipts; how many rows had a trace id."""
        return self._outcomes.resolve(results)

    async def preferences(self) -> Prefs:
        """The preferences, as they were saved."""
        await self._loaded()
        return self._prefs

    async def pull(self, name: str, sink: PullSink) -> Path:
        """Bring the files of the model of that id or name; where its weights lie.

        One whose files are here is not pulled again.  Fails with NoModel, InvalidRequest or
        PullFailed.
        """
        entry = (await self.snapshot()).find(name)
        model = entry.model
        if not model.is_local:
            raise InvalidRequest(
                f"model '{model.id}' has no files to pull: it does not run on this machine"
            )
        if entry.weights_ready:
            found: Path = await self._in_thread(self._files.find, model)
            return found
        if self._puller is None:
            raise UnsupportedMode("UnsupportedMode: this daemon does not pull models")
        return await self._puller.pull(model, sink)

    async def remove(self, name: str) -> ModelSchema:
        """Delete the pulled files of the model of that id or name.

        Only those under ``<root>/models``.  Fails with NoModel, or InvalidRequest where there
        is nothing of ours to delete.
        """
        entry = (await self.snapshot()).find(name)
        if not downloads_weights(entry.model):
            raise InvalidRequest(f"model '{entry.model.id}' was not pulled, so it is not removed")
        await self._in_thread(self._delete, entry.model)
        return entry.model

    async def _choose(self, request: GenerateRequest) -> Route:
        router = await self._loaded()
        return router.route(await self.snapshot(), request)

    async def _choose_for(self, capability: str, model: str | None) -> ModelSchema:
        router = await self._loaded()
        return router.pick(await self.snapshot(), capability, model)

    async def _loaded(self) -> Router:
        """The router, once what it goes by was read."""
        if self._router is None:
            await self._loading.run(lambda: Deferred.fromCoroutine(self._load()))
        assert self._router is not None
        return self._router

    async def _load(self) -> None:
        if self._router is None:
            await self._profiles.load()
            await self.key_pools.load()
            await self._prefs.load()
            machine = await self.machine()
            self._router = Router(self._profiles, self._random, machine.ram_mb)

    def _delete(self, model: ModelSchema) -> None:
        place = self._files.place(model)
        if not place.is_relative_to(self._files.directory):
            raise InvalidRequest(f"{place} is not removed: it lies outside {self._files.directory}")
        for file in (place, place.with_name(f"{place.name}.part"), tokenizer_place(place)):
            file.unlink(missing_ok=True)
