"""How often each of many texts has each term, worked out for all of them at once.

What the index is filled from after a load.  A written form is read once however often it
comes; the rest is arithmetic on columns.  What the counts are kept as is left to ``index``.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

import msgspec
import numpy as np
import numpy.typing as npt

from car.memgine.tokens import Tokeniser, pieces

Column = npt.NDArray[np.int64]


class TermCounts(msgspec.Struct, frozen=True):
    """Texts by their place from 0 up, terms by their place in *names*.

    *lengths*: how many terms each text has, repeats among them.  *texts*, *terms* and *counts*
    are one column each of the same table, a line for each text and each term that it has:
    texts ascending, and below one text terms ascending.
    """

    names: list[str]
    lengths: Column
    texts: Column
    terms: Column
    counts: Column


def count_terms(
    texts: Iterable[str], further: Iterable[Sequence[str]], tokeniser: Tokeniser
) -> TermCounts:
    """The terms of *texts* as *tokeniser* has them, and how often each of these has each.

    *further* are terms of each text beside those, as they stand; they are counted, and do not
    add to its length.
    """
    written = _Lists(_numbers())
    for text in texts:
        written.append(pieces(text))
    number_of = _numbers()
    spelt, added = _Lists(number_of), _Lists(number_of)
    for piece in written.number_of:
        spelt.append(tokeniser.terms_of(piece))
    for words in further:
        added.append(words)
    places = np.arange(len(written.sizes))
    text_of_piece = np.repeat(places, written.sizes)
    text_of_term = np.repeat(text_of_piece, spelt.sizes[written.numbers])
    lines = np.concatenate((text_of_term, np.repeat(places, added.sizes)))
    lines *= len(number_of)
    lines += np.concatenate((spelt.joined(written.numbers), added.numbers))
    lines.sort(kind="stable")  # the merging kind: text after text is nearly sorted already
    firsts = np.flatnonzero(np.diff(lines, prepend=-1))
    of_texts, of_terms = np.divmod(lines[firsts], max(1, len(number_of)))
    return TermCounts(
        names=list(number_of),
        lengths=np.bincount(text_of_term, minlength=len(places)),
        texts=of_texts,
        terms=of_terms,
        counts=np.diff(firsts, append=len(lines)),
    )


def _numbers() -> defaultdict[str, int]:
    """Numbers for words, from 0 up as they are asked for."""
    return defaultdict(count().__next__)


class _Lists:
    """Lists of words end to end, as the numbers that *number_of* has for them."""

    def __init__(self, number_of: defaultdict[str, int]) -> None:
        self.number_of = number_of
        self._numbers = array("i")
        self._sizes = array("i")

    def append(self, words: Sequence[str]) -> None:
        """Put one more list behind the others."""
        self._sizes.append(len(words))
        self._numbers.extend(map(self.number_of.__getitem__, words))

    @property
    def numbers(self) -> npt.NDArray[np.int32]:
        """The numbers of all words; nothing can be appended while this is held."""
        return np.frombuffer(self._numbers, np.int32)

    @property
    def sizes(self) -> npt.NDArray[np.int32]:
        """How many words each list has; nothing can be appended while this is held."""
        return np.frombuffer(self._sizes, np.int32)

    def joined(self, places: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The numbers of the lists at *places*, one list after the other."""
        sizes = self.sizes[places]
        begins = (np.cumsum(self.sizes) - self.sizes)[places]
        passed = np.cumsum(sizes) - sizes
        inside = np.arange(int(sizes.sum()))
        return self.numbers[np.repeat(begins - passed, sizes) + inside]
