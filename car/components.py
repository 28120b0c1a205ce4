"""Optional libraries, imported where they are used; the one sentence when one is missing."""

import importlib
from importlib import metadata
from typing import Any

from car.errors import CarError


class MissingComponent(CarError):
    """An optional part that is not installed; the message has the command that installs it."""

    code = "missing_component"


def import_component(
    name: str, extra: str, feature: str, error: type[CarError] = MissingComponent
) -> Any:
    """The library *name*, a module of our *extra*, for *feature*; raises *error* without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise error(missing_text(name.partition(".")[0], extra, feature)) from None


def missing_text(name: str, extra: str, feature: str) -> str:
    """The sentence of ``subsystems.md`` §1.5 about the optional package *name*.

    Blocks as ``own_distribution`` does.
    """
    return (
        f"{feature} needs the optional package {name}; "
        f'install it with: pip install "{own_distribution()}[{extra}]"'
    )


def own_distribution() -> str:
    """The distribution that the package ``car`` belongs to; ``car`` where it was not installed.

    Blocks while it looks through what is installed, so it is called in a thread.  (The
    library's ``packages_distributions`` reads every file list: 150 ms, with the reactor held
    up for 25 of them.)
    """
    for distribution in metadata.distributions():
        if "car" in (distribution.read_text("top_level.txt") or "").split():
            return distribution.metadata["Name"]
    return "car"
