"""The columns beside the postings: what of a document is compared by the thousand.

A row is a place in every column.  Freed rows are given out again, so columns are as long as
the most documents there ever were at once, however many have come and gone.  What the words of
a document are is the index's business.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

NOWHERE = -1
"""In place of a neighbour's row: there is none."""

_FIRST_CAPACITY = 1024
_LINKS = ("_before", "_after", "_threads")
_COLUMNS = ("_docs", "_lengths", "_kinds", "_ats", *_LINKS)


class DocKind(IntEnum):
    """What a document is, as far as filters go."""

    FACT = 0
    CONCLUSION = 1
    TURN = 2
    SUMMARY = 3
    ENVIRONMENT = 4


class RowTable:
    """Rows by document, columns by row, and the order of the rows of one thread."""

    def __init__(self) -> None:
        self._row_of: dict[int, int] = {}
        self._free: list[int] = []
        self._size = 0
        self._docs = np.zeros(_FIRST_CAPACITY, np.int64)
        self._lengths = np.zeros(_FIRST_CAPACITY, np.float32)
        self._kinds = np.zeros(_FIRST_CAPACITY, np.uint8)
        self._ats = np.zeros(_FIRST_CAPACITY, np.float64)
        self._before = np.full(_FIRST_CAPACITY, NOWHERE, np.int64)
        self._after = np.full(_FIRST_CAPACITY, NOWHERE, np.int64)
        self._threads = np.full(_FIRST_CAPACITY, NOWHERE, np.int64)
        self._code_of: dict[int, int] = {}
        self._names: list[int] = []
        self._last: list[int] = []
        self._free_codes: list[int] = []
        self._counts = [0] * len(DocKind)

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, doc: int) -> bool:
        return doc in self._row_of

    def row(self, doc: int) -> int:
        """The row of *doc*; KeyError where it has none."""
        return self._row_of[doc]

    @property
    def size(self) -> int:
        """One more than the greatest row given out."""
        return self._size

    def count(self, kind: DocKind) -> int:
        """How many documents are of *kind*."""
        return self._counts[kind]

    @property
    def docs(self) -> npt.NDArray[np.int64]:
        """The document of each row; of a free row, the last that had it."""
        return self._docs[: self._size]

    @property
    def lengths(self) -> npt.NDArray[np.float32]:
        """Words of each row's document."""
        return self._lengths[: self._size]

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """DocKind of each row."""
        return self._kinds[: self._size]

    @property
    def ats(self) -> npt.NDArray[np.float64]:
        """When each row's document was made, seconds since the epoch."""
        return self._ats[: self._size]

    @property
    def before(self) -> npt.NDArray[np.int64]:
        """The row before each in its thread, or NOWHERE."""
        return self._before[: self._size]

    @property
    def after(self) -> npt.NDArray[np.int64]:
        """The row after each in its thread, or NOWHERE."""
        return self._after[: self._size]

    @property
    def threads(self) -> npt.NDArray[np.int64]:
        """The thread of each row as a number below ``thread_limit``, or NOWHERE."""
        return self._threads[: self._size]

    @property
    def thread_limit(self) -> int:
        """One more than the greatest number of a thread."""
        return len(self._last)

    def take(self, doc: int, kind: DocKind, length: int, at: float, thread: int | None) -> int:
        """A row for *doc*, which has none yet."""
        if self._free:
            row = self._free.pop()
        else:
            row = self._size
            if row == len(self._docs):
                self._grow()
            self._size += 1
        self._row_of[doc] = row
        self._docs[row] = doc
        self._lengths[row] = length
        self._kinds[row] = kind
        self._ats[row] = at
        self._counts[kind] += 1
        if thread is not None:
            self._link(row, doc, thread)
        return row

    def take_many(
        self,
        docs: Sequence[int],
        kinds: Sequence[int],
        lengths: npt.NDArray[np.int64],
        ats: Sequence[float],
        threads: Sequence[int | None],
    ) -> npt.NDArray[np.int64]:
        """The rows for *docs*, which have none yet, as ``take`` gives them one after the other."""
        again = [self._free.pop() for _ in range(min(len(docs), len(self._free)))]
        begin = self._size
        self._size += len(docs) - len(again)
        while self._size > len(self._docs):
            self._grow()
        found = [*again, *range(begin, self._size)]
        rows = np.array(found, np.int64)
        self._row_of.update(zip(docs, found, strict=True))
        self._docs[rows] = docs
        self._lengths[rows] = lengths
        self._kinds[rows] = kinds
        self._ats[rows] = ats
        for kind in DocKind:
            self._counts[kind] += kinds.count(kind)
        for row, doc, thread in zip(found, docs, threads, strict=True):
            if thread is not None:
                self._link(row, doc, thread)
        return rows

    def give_back(self, doc: int) -> int:
        """Free the row of *doc*; which row it was."""
        row = self._row_of.pop(doc)
        self._counts[self._kinds[row]] -= 1
        if self._threads[row] != NOWHERE:
            self._unlink(row)
        self._lengths[row] = 0
        self._free.append(row)
        return row

    def _grow(self) -> None:
        capacity = 2 * len(self._docs)
        for name in _COLUMNS:
            column: npt.NDArray[Any] = getattr(self, name)
            longer = np.full(capacity, NOWHERE if name in _LINKS else 0, column.dtype)
            longer[: len(column)] = column
            setattr(self, name, longer)

    def _code(self, thread: int) -> int:
        code = self._code_of.get(thread)
        if code is None:
            if self._free_codes:
                code = self._free_codes.pop()
            else:
                code = len(self._last)
                self._last.append(NOWHERE)
                self._names.append(thread)
            self._code_of[thread] = code
            self._names[code] = thread
        return code

    def _link(self, row: int, doc: int, thread: int) -> None:
        code = self._code(thread)
        self._threads[row] = code
        before, after = self._last[code], NOWHERE
        while before != NOWHERE and self._docs[before] > doc:  # seldom: one that came late
            before, after = int(self._before[before]), before
        self._before[row], self._after[row] = before, after
        if before != NOWHERE:
            self._after[before] = row
        if after != NOWHERE:
            self._before[after] = row
        else:
            self._last[code] = row

    def _unlink(self, row: int) -> None:
        code = int(self._threads[row])
        before, after = int(self._before[row]), int(self._after[row])
        if before != NOWHERE:
            self._after[before] = after
        if after != NOWHERE:
            self._before[after] = before
        else:
            self._last[code] = before
        if before == after == NOWHERE:
            del self._code_of[self._names[code]]
            self._free_codes.append(code)
        self._before[row] = self._after[row] = self._threads[row] = NOWHERE
