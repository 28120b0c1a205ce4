"""The text index: BM25 over nodes, kept up to date document by document.

A document is what one node says, under the node's index.  One that goes takes its postings with
it at once, so an index that has grown and shrunk scores exactly as one built afresh.  Which
documents a question may see, and what neighbours and edges add, is left to ``retrieval``.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import log

import msgspec
import numpy as np
import numpy.typing as npt

from car.memgine.rows import DocKind, RowTable
from car.memgine.termcounts import TermCounts, count_terms
from car.memgine.tokens import Tokeniser

TF_BITS = 6
"""Bits of a posting that hold the frequency, 63 at most; the other 26 are the row."""

BULK = 256
"""From how many documents on it pays to sort their postings all at once."""

_TF_MASK = (1 << TF_BITS) - 1


class Document(msgspec.Struct, frozen=True, gc=False):
    """What can be found of node *doc*; the fields are the arguments of ``TextIndex.add``."""

    doc: int
    key: str
    text: str
    kind: DocKind
    words: Sequence[str] = ()
    at: float = 0.0
    thread: int | None = None


class TextIndex:
    """Documents by their terms.

    *k1* says how soon repetition stops counting, *b* how much length is held against a
    document (both BM25's).
    """

    def __init__(
        self,
        tokeniser: Tokeniser | None = None,
        *,
        k1: float = 1.2,
        b: float = 0.75,
    ) -> None:
        self.tokeniser = tokeniser or Tokeniser()
        self.table = RowTable()
        self.k1 = k1
        self.b = b
        self._postings: dict[str, array[int]] = {}
        self._terms_of: dict[int, tuple[str, ...]] = {}
        self._total_length = 0

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, doc: int) -> bool:
        return doc in self.table

    def add(
        self,
        doc: int,
        key: str,
        text: str,
        *,
        kind: DocKind,
        words: Sequence[str] = (),
        at: float = 0.0,
        thread: int | None = None,
    ) -> None:
        """Take in what node *doc* says, in place of what it said before.

        *words* are further terms, as they stand: they are not cut up, and do not add to the
        length.  *at* is when the node was made.  Documents of one *thread* are neighbours in
        the order of their numbers; None stands alone.
        """
        if doc in self.table:
            self.remove(doc)
        body = self.tokeniser.terms(text)
        name = self.tokeniser.terms(key)
        counts: dict[str, int] = {}
        for terms in (body, name, words):
            for term in terms:
                counts[term] = counts.get(term, 0) + 1
        length = len(body) + len(name)
        row = self.table.take(doc, kind, length, at, thread)
        self._total_length += length
        self._terms_of[row] = tuple(counts)
        place = row << TF_BITS
        postings = self._postings
        for term, count in counts.items():
            entry = place | (count if count < _TF_MASK else _TF_MASK)
            posting = postings.get(term)
            if posting is None:
                postings[term] = array("I", (entry,))
            elif posting[-1] < entry:
                posting.append(entry)
            else:
                posting.insert(bisect_left(posting, entry), entry)

    def add_many(self, documents: Iterable[Document]) -> None:
        """Take in many at once; the outcome is that of adding one after the other."""
        fresh = list({one.doc: one for one in documents}.values())
        for one in fresh:
            self.remove(one.doc)
        if len(fresh) < BULK:
            for one in fresh:
                self.add(
                    one.doc,
                    one.key,
                    one.text,
                    kind=one.kind,
                    words=one.words,
                    at=one.at,
                    thread=one.thread,
                )
        else:
            self._add_bulk(fresh)

    def _add_bulk(self, fresh: Sequence[Document]) -> None:
        """Add documents that are not here, their postings sorted together."""
        counted = count_terms(
            (f"{one.text}\n{one.key}" for one in fresh),
            (one.words for one in fresh),
            self.tokeniser,
        )
        rows = self.table.take_many(
            [one.doc for one in fresh],
            [one.kind for one in fresh],
            counted.lengths,
            [one.at for one in fresh],
            [one.thread for one in fresh],
        )
        self._total_length += int(counted.lengths.sum())
        self._note_terms(rows, counted)
        self._join(rows, counted)

    def _note_terms(self, rows: npt.NDArray[np.int64], counted: TermCounts) -> None:
        """Remember the terms of the documents in *rows*."""
        taken = tuple(np.array(counted.names, object)[counted.terms].tolist())
        ends = np.cumsum(np.bincount(counted.texts, minlength=len(rows))).tolist()
        for row, begin, end in zip(rows.tolist(), [0, *ends], ends, strict=False):
            self._terms_of[row] = taken[begin:end]

    def _join(self, rows: npt.NDArray[np.int64], counted: TermCounts) -> None:
        """Add the postings of the documents in *rows*."""
        entries = rows[counted.texts] << TF_BITS | np.minimum(counted.counts, _TF_MASK)
        by_term = np.sort(counted.terms << 32 | entries).astype(np.uint32)
        octets = by_term.view(np.uint8).data
        ends = (4 * np.cumsum(np.bincount(counted.terms))).tolist()
        postings = self._postings
        for name, begin, end in zip(counted.names, [0, *ends], ends, strict=False):
            posting = postings.get(name)
            if posting is None:
                posting = postings[name] = array("I")
            old = len(posting)
            posting.frombytes(octets[begin:end])
            if old and posting[old - 1] > posting[old]:
                postings[name] = array("I", sorted(posting))

    def remove(self, doc: int) -> None:
        """Forget what node *doc* says; nothing happens where it is not here."""
        if doc not in self.table:
            return
        row = self.table.row(doc)
        self._total_length -= int(self.table.lengths[row])
        self.table.give_back(doc)
        place = row << TF_BITS
        for term in self._terms_of.pop(row):
            posting = self._postings[term]
            if len(posting) == 1:
                del self._postings[term]
            else:
                del posting[bisect_left(posting, place)]

    def frequency(self, term: str) -> int:
        """How many documents have *term*."""
        posting = self._postings.get(term)
        return 0 if posting is None else len(posting)

    def idf(self, term: str) -> float:
        """How much *term* tells one document from another: BM25's, never negative."""
        found = self.frequency(term)
        return log(1 + (len(self.table) - found + 0.5) / (found + 0.5))

    def rows(self, term: str) -> npt.NDArray[np.int64]:
        """The rows of the documents that have *term*, ascending."""
        posting = self._postings.get(term)
        if posting is None:
            return np.empty(0, np.int64)
        return (np.frombuffer(posting, np.uint32) >> TF_BITS).astype(np.int64)

    def score(self, terms: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """BM25 of every row for weighted *terms*; rows that have none of them, or are free, 0."""
        scores = np.zeros(self.table.size, np.float32)
        if not self._total_length:
            return scores
        lengths = self.table.lengths
        base = np.float32(self.k1 * (1 - self.b))
        slope = np.float32(self.k1 * self.b * len(self.table) / self._total_length)
        for term, weight in terms.items():
            posting = self._postings.get(term)
            if posting is None:
                continue
            packed = np.frombuffer(posting, np.uint32)
            rows = packed >> TF_BITS
            frequency = (packed & _TF_MASK).astype(np.float32)
            saturated = frequency / (frequency + (base + slope * lengths[rows]))
            scores[rows] += np.float32(weight * self.idf(term) * (self.k1 + 1)) * saturated
        return scores
