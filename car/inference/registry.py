"""ModelRegistry: the catalogue, the models in installed packages, and what users registered.

A look at it is a `Snapshot`: every model with what can be said of it at that moment.  Choosing
among them is ``car.inference.router``'s, showing them ``car.inference.rows``'s.
"""

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from car.components import own_distribution
from car.inference.availability import has_weights, is_usable
from car.inference.catalogue import Catalogue, Upgrade, read_catalogue
from car.inference.errors import InvalidRequest, NoModel
from car.inference.interfaces import IKeySource, InThread
from car.inference.local.locate import ModelFiles
from car.inference.models import Local, ModelSchema, RemoteApi
from car.inference.registrations import Registrations
from car.inference.served import Served
from car.ir.json import JsonObject, convert

LONGEST_ID = 200
"""The longest id or name of a model [ours]."""

NEAREST = 3
"""How many models are named beside one that is not known."""


AT_ONCE = 8
"""How many who asked are answered in one turn of the reactor [ours]: some 3 ms."""


class Known(NamedTuple):
    """A model and its state: ``weights_ready`` means that nothing has to be pulled first."""

    model: ModelSchema
    available: bool
    weights_ready: bool

    @property
    def pullable(self) -> bool:
        """Whether ``models.pull`` would bring its files."""
        return downloads_weights(self.model) and not self.weights_ready


class Snapshot:
    """All models at one moment, in the order of their ids.

    *distribution* is the name that this daemon was installed under, for what it advises.
    """

    def __init__(
        self,
        known: Iterable[Known],
        upgrades: Iterable[Upgrade] = (),
        distribution: str = "car",
    ) -> None:
        self.distribution = distribution
        self.known = sorted(known, key=lambda entry: entry.model.id)
        self.upgrades = list(upgrades)
        self._by_id = {entry.model.id: entry for entry in self.known}

    def get(self, model_id: str) -> Known | None:
        """The model of that id."""
        return self._by_id.get(model_id)

    def find(self, name: str) -> Known:
        """The model of that id or name, of several with one name the one that can be used.

        Raises NoModel with the three nearest ids.
        """
        found = self._by_id.get(name)
        if found is not None:
            return found
        namesakes = [entry for entry in self.known if entry.model.name == name]
        if namesakes:
            return max(namesakes, key=lambda entry: entry.available)
        nearest = ", ".join(self._nearest(name))
        hint = f"; the nearest are {nearest}" if nearest else ""
        raise NoModel(f"model not found: {name[:LONGEST_ID]}{hint}")

    def _nearest(self, name: str) -> list[str]:
        wanted = name[:LONGEST_ID].lower()

        def likeness(entry: Known) -> float:
            texts = (entry.model.id, entry.model.name)
            return max(SequenceMatcher(None, wanted, text.lower()).ratio() for text in texts)

        ranked = sorted(self.known, key=likeness, reverse=True)
        return [entry.model.id for entry in ranked[:NEAREST]]


class ModelRegistry:
    """The models of one daemon.

    *root* is the state root, None for a daemon that keeps nothing.  *packaged* gives the models
    that installed distributions hold, and like all that touches files is called by *in_thread*.
    """

    def __init__(
        self,
        root: Path | None,
        keys: IKeySource,
        in_thread: InThread,
        clock: IReactorTime,
        *,
        served: Served,
        packaged: Callable[[], list[ModelSchema]],
        runner_connected: Callable[[], bool],
    ) -> None:
        self._files = ModelFiles(root or Path())
        self._keys = keys
        self._in_thread = in_thread
        self._clock = clock
        self._served = served
        self._packaged = packaged
        self._runner_connected = runner_connected
        self._catalogue: Catalogue | None = None
        self._distribution = ""
        self._waiting: list[Deferred[Snapshot]] = []
        self._looking = False
        self._registrations = Registrations(None if root is None else root / "models.json")

    @property
    def path(self) -> Path | None:
        """The file of registrations."""
        return self._registrations.path

    def snapshot(self) -> "Deferred[Snapshot]":
        """Fires with all models, and which of them can be used now.

        Those who ask during a look share the next one: it begins after they asked, so that it
        misses nothing, and never is more than one thread at work.  Cancelling leaves the others
        theirs.
        """
        asked: Deferred[Snapshot] = Deferred()
        self._waiting.append(asked)
        if not self._looking:
            self._begin()
        return asked

    def _begin(self) -> None:
        self._looking = True
        waiting, self._waiting = self._waiting, []
        Deferred.fromCoroutine(self._look()).addBoth(self._seen, waiting)

    def _seen(self, found: Snapshot | Failure, waiting: "list[Deferred[Snapshot]]") -> None:
        self._looking = False
        if self._waiting:
            self._begin()
        self._tell(found, waiting)

    def _tell(self, found: Snapshot | Failure, waiting: "list[Deferred[Snapshot]]") -> None:
        """Answer some now and the others in later turns: each is about to choose a model."""
        if waiting[AT_ONCE:]:
            self._clock.callLater(0, self._tell, found, waiting[AT_ONCE:])
        for asked in waiting[:AT_ONCE]:
            asked.callback(found)

    async def _look(self) -> Snapshot:
        models, upgrades = await self._in_thread(self._read)
        names = [
            name
            for model in models
            if isinstance(model.source, RemoteApi)
            for name in model.source.key_names
        ]
        found = await self._keys.keys(list(dict.fromkeys(names)))
        keys = frozenset(name for name, _ in found)
        known = await self._in_thread(self._check, models, keys, self._runner_connected())
        return Snapshot(known, upgrades, self._distribution)

    async def register(self, schema: JsonObject) -> ModelSchema:
        """Keep a model from now on, in place of one with its id.

        *schema* is a ModelSchema as a client has it.  Raises RecordError for what is none, and
        InvalidRequest.
        """
        model = convert(schema, ModelSchema)
        for member, text in (("id", model.id), ("name", model.name)):
            if not text.strip() or len(text) > LONGEST_ID:
                raise InvalidRequest(f"{member}: expected 1 to {LONGEST_ID} characters")
        if model.context_length < 0:
            raise InvalidRequest("context_length: expected a number of tokens, or 0 if unknown")
        await self._write("registered", self._registrations.add, model, schema)
        return model

    async def unregister(self, model_id: str) -> None:
        """Forget a registration; raises NoModel where there is none of that id."""
        if not await self._write("unregistered", self._registrations.remove, model_id):
            entry = (await self.snapshot()).find(model_id)
            raise NoModel(
                f"model '{entry.model.id}' is not registered but built in; "
                "only what was registered can be unregistered"
            )

    async def _write(self, done: str, change: Callable[..., object], *args: object) -> object:
        try:
            return await self._in_thread(change, *args)
        except OSError as problem:
            raise InvalidRequest(f"nothing was {done}: {self.path}: {problem.strerror}") from None

    def _read(self) -> tuple[list[ModelSchema], list[Upgrade]]:
        if self._catalogue is None:
            self._distribution = own_distribution()
            self._catalogue = read_catalogue()
        groups = (self._catalogue.models, self._packaged(), self._registrations.models())
        by_id = {model.id: model for group in groups for model in group}
        return list(by_id.values()), self._catalogue.upgrades

    def _check(
        self, models: list[ModelSchema], keys: frozenset[str], runner_connected: bool
    ) -> list[Known]:
        known = []
        for model in models:
            ready = has_weights(model, self._files)
            usable = is_usable(model, ready, keys, self._served, runner_connected)
            known.append(Known(model, usable, ready))
        return known


def downloads_weights(model: ModelSchema) -> bool:
    """Whether the model's files come from the network."""
    source = model.source
    return isinstance(source, Local) and bool(source.url or (source.hf_repo and source.hf_filename))
