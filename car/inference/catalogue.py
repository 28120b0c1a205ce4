"""The built-in models, read from ``catalogue.toml`` beside this module.

A curated list of what providers have published: it is data, and says itself what it leaves
out.  Which of these can be used here and now is ``car.inference.availability``'s to find out.
"""

import tomllib
from importlib.resources import files

import msgspec
from msgspec import Struct

from car.inference.models import ModelSchema
from car.ir.json import JsonObject

TRUST = "curated"
"""The trust tier of what stands in the catalogue."""


class Upgrade(Struct, frozen=True):
    """One model that another replaces, and why."""

    from_id: str = msgspec.field(name="from")
    to_id: str = msgspec.field(name="to")
    reason: str


class Catalogue(Struct, frozen=True):
    """The models, and which of them replace others."""

    models: list[ModelSchema]
    upgrades: list[Upgrade]


def read_catalogue() -> Catalogue:
    """Read the catalogue; blocks for some milliseconds, so it is called in a thread."""
    table = tomllib.loads(files("car.inference").joinpath("catalogue.toml").read_text("utf-8"))
    sources: JsonObject = table["sources"]
    return Catalogue(
        models=[_model(row, sources) for row in table["model"]],
        upgrades=msgspec.convert(table["upgrade"], list[Upgrade]),
    )


def _model(row: JsonObject, sources: JsonObject) -> ModelSchema:
    source = row["source"]
    if isinstance(source, str):
        source = sources[source]
    return msgspec.convert({**row, "source": source, "trust_tier": TRUST}, ModelSchema)
