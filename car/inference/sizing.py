"""How large a model is, and whether this machine has the memory for it."""

import re

from car.inference.models import ModelSchema

MEMORY_RATIO = 1.2
"""What a model takes in memory, by the size of its file [ours]: the rest is its context."""

MOST_OF_MEMORY = 0.8
"""The part of a machine's memory that a model may take [ours]."""

_COUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([MBT])", re.IGNORECASE)

_IN_BILLIONS = {"M": 0.001, "B": 1.0, "T": 1000.0}


def billions(model: ModelSchema) -> float | None:
    """The model's parameters in billions, None where ``param_count`` does not tell."""
    match = _COUNT.match(model.param_count)
    if match is None:
        return None
    return float(match[1]) * _IN_BILLIONS[match[2].upper()]


def memory_mb(model: ModelSchema) -> float | None:
    """The memory that a local model needs, in MB; None where nothing tells."""
    if model.cost.ram_mb is not None:
        return model.cost.ram_mb
    if model.cost.size_mb is not None:
        return model.cost.size_mb * MEMORY_RATIO
    return None


def is_too_big(model: ModelSchema, total_mb: float) -> bool:
    """Whether a local model is known to need more than the machine's *total_mb* allow."""
    needed = memory_mb(model)
    return model.is_local and needed is not None and needed > total_mb * MOST_OF_MEMORY
