"""Optional libraries, imported where they are used; the one sentence when one is missing."""

import importlib
from typing import Any

from car.inference.distribution import own_distribution
from car.inference.errors import MissingComponent


def import_component(name: str, extra: str, feature: str) -> Any:
    """The library *name*, of our *extra*, for *feature*; raises MissingComponent.

    The sentence is that of ``subsystems.md`` §1.5; our distribution's name is read from the
    installed metadata.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingComponent(
            f"{feature} needs the optional package {name}; "
            f'install it with: pip install "{own_distribution()}[{extra}]"'
        ) from None
