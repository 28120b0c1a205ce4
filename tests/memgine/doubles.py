"""Shared by the tests of memory: an instant, and short ways to say a fact."""

from typing import Any

from car.memgine.facts import Added, NewFact
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node

NOON = 1_700_000_000.0
"""The instant at which the tests begin, in seconds since the epoch."""


def given_fact(
    memory: Memgine, subject: str, body: str, *, at: float = NOON, **fields: Any
) -> Node:
    """Put a fact in; answers its node."""
    return add(memory, subject, body, at=at, **fields).node


def add(memory: Memgine, subject: str, body: str, *, at: float = NOON, **fields: Any) -> Added:
    """Put a fact in; answers what came of it."""
    return memory.add_fact(NewFact(subject=subject, body=body, **fields), at)


def bodies(memory: Memgine, query: str, k: int = 5, *, at: float = NOON) -> list[str]:
    """What a query finds, as texts, best first."""
    return [hit.node.value for hit in memory.query(query, k, at)]
