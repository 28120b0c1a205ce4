"""Vectors of nodes, from whatever encoder the application has; memory only compares them.

Off until somebody puts vectors in.  They are not kept with the graph: whoever made them can
make them again.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from car.memgine.errors import MemoryFault

NEAREST = 1_000
"""How many similarities take part in a search."""

_FIRST_CAPACITY = 256


class WrongVector(MemoryFault):
    """A vector that does not fit the others."""


class Vectors:
    """Vectors by node index, all of one length, brought to unit length."""

    def __init__(self) -> None:
        self._row_of: dict[int, int] = {}
        self._nodes: list[int] = []
        self._matrix: npt.NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, index: int) -> bool:
        return index in self._row_of

    def put(self, index: int, vector: Sequence[float]) -> None:
        """Let *vector* stand for node *index*, in the place of an earlier one.

        Raises WrongVector for another length than the others', or no direction.
        """
        unit = self._unit(vector)
        row = self._row_of.get(index)
        if row is None:
            row = len(self._nodes)
            self._row_of[index] = row
            self._nodes.append(index)
            if row == len(self._matrix):
                longer = np.zeros((max(_FIRST_CAPACITY, 2 * row), len(unit)), np.float32)
                if row:
                    longer[:row] = self._matrix
                self._matrix = longer
        self._matrix[row] = unit

    def drop(self, index: int) -> None:
        """Forget the vector of node *index*; nothing happens where there is none."""
        row = self._row_of.pop(index, None)
        if row is None:
            return
        last = self._nodes.pop()
        if last != index:
            self._nodes[row] = last
            self._row_of[last] = row
            self._matrix[row] = self._matrix[len(self._nodes)]

    def similarities(self, vector: Sequence[float]) -> dict[int, float]:
        """The cosine of *vector* with each of the nearest thousand; raises WrongVector."""
        if not self._nodes:
            return {}
        cosines = self._matrix[: len(self._nodes)] @ self._unit(vector)
        rows = np.argsort(-cosines, kind="stable")[:NEAREST]
        return {self._nodes[row]: float(cosines[row]) for row in rows.tolist()}

    def _unit(self, vector: Sequence[float]) -> npt.NDArray[np.float32]:
        found = np.asarray(vector, np.float32)
        length = float(np.linalg.norm(found))
        if not np.isfinite(length) or length == 0:
            raise WrongVector("a vector needs finite numbers, not all of them 0")
        if self._nodes and len(found) != self._matrix.shape[1]:
            raise WrongVector(
                f"a vector of {len(found)} numbers among those of {self._matrix.shape[1]}"
            )
        unit: npt.NDArray[np.float32] = found / np.float32(length)
        return unit
