"""What a reader needs to see of the graph around it."""

from typing import Protocol

from car.memgine.nodes import Node


class Surroundings(Protocol):
    """The graph as a reader sees it."""

    def node(self, index: int) -> Node:
        """The node under *index*; raises KeyError where there is none any more."""

    def recent(self, limit: int) -> list[Node]:
        """The last *limit* nodes, newest last."""

    def similar(self, text: str, limit: int) -> list[tuple[Node, float]]:
        """Live nodes by likeness to *text*, best first."""
