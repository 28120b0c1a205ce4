"""Models to choose among, and what a `Models` service is built from, without a machine."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

from car.inference.interfaces import IKeySource
from car.inference.models import Local, ModelSchema, RemoteApi, Source
from car.inference.recommend import Machine
from car.inference.registry import Known, Snapshot
from car.inference.served import Served
from car.inference.service import Models

EPOCH = 1_772_600_000.0
"""When a test's clock starts, in seconds since the epoch."""

KEYED = RemoteApi(endpoint="https://lab.example/v1", api_key_env="LAB_KEY")

MACHINE = Machine(os="linux", arch="x86_64", cores=4, ram_mb=16_000, available_mb=12_000)


def model(id: str = "lab/echo:1", source: Source = KEYED, **members: Any) -> ModelSchema:
    """A model that generates, unless *members* say otherwise."""
    name = id.partition("/")[2].partition(":")[0]
    return ModelSchema(
        id=id,
        name=members.pop("name", name),
        capabilities=members.pop("capabilities", ["generate"]),
        source=source,
        **members,
    )


def local(id: str = "lab/small:q4", **members: Any) -> ModelSchema:
    """A model that runs from a file."""
    file = id.partition("/")[2].replace(":", "-") + ".gguf"
    return model(id, Local(path=file), **members)


def known(model: ModelSchema, *, available: bool = True, weights_ready: bool = True) -> Known:
    """What is known of a model that can be used."""
    return Known(model, available, weights_ready)


def snapshot(*models: ModelSchema) -> Snapshot:
    """A moment at which all *models* can be used."""
    return Snapshot([known(one) for one in models], distribution="some-dist")


@implementer(IKeySource)
class FakeKeys:
    """Keys that a test puts there; notes what it was asked for."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.asked: list[list[str]] = []

    def keys(self, names: Sequence[str]) -> "Deferred[list[tuple[str, str]]]":
        """Those of *names* that are there."""
        self.asked.append(list(names))
        return succeed([(name, "k") for name in names if name in self.names])


def nothing_served(url: str) -> bytes:
    """No server answers."""
    raise ConnectionRefusedError(url)


def make_models(
    root: Path | None = None,
    *,
    keys: IKeySource | None = None,
    clock: Clock | None = None,
    packaged: Iterable[ModelSchema] = (),
    puller: Any = None,
    runner_connected: Callable[[], bool] = lambda: False,
) -> Models:
    """A service on a clock, whose threads are this one."""
    clock = clock or Clock()
    return Models(
        root,
        keys or FakeKeys(),
        maybeDeferred,
        clock,
        lambda: EPOCH + clock.seconds(),
        seed=1,
        runner_connected=runner_connected,
        puller=puller,
        packaged=lambda: list(packaged),
        served=Served(clock.seconds, nothing_served),
        machine=lambda: MACHINE,
    )
