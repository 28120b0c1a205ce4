"""Text to terms: what the index counts and a question asks for.

Unicode words, compatibility-normalised and case-folded, brought to their stem; numbers, money,
dates, clock times and reference numbers kept whole; identifiers taken apart as well; Chinese,
Japanese and Korean runs as pairs of characters.  How terms are weighted is left to ``index``,
what dates mean to ``dates``.
"""

import re
import unicodedata
from collections.abc import Callable

import Stemmer

from car.memgine.wordlists import LEMMAS, STOP_WORDS

CACHE_SIZE = 1 << 15
"""Written forms whose terms are remembered; the table starts anew when it is full."""

LONGEST_KEPT = 64
"""Characters of a written form that is worth remembering; longer ones seldom come twice."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_CHUNK = re.compile(r"[$€£¥]?[^\W_]++(?:[.,:'’/&-][^\W_]++)*+(?:%|(?<=\.\w)\.)?")
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_NUMBER = re.compile(r"[$€£¥]?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(%|[kKMB]|[mb]n?)?$")
_DATE_OR_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}:\d{2}(?::\d{2})?")
_PART = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CLITIC = re.compile(r"(?:n['’]t|['’](?:s|ll|re|ve|d|m))$", re.IGNORECASE)
_SCALE = {"k": 3, "m": 6, "mn": 6, "b": 9, "bn": 9}
_SIGNS = "$€£¥"


class _Known(dict[str, tuple[str, ...]]):
    """The terms of written forms; those of a form not yet met are worked out when asked for."""

    def __init__(self, read: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, written: str) -> tuple[str, ...]:
        terms = tuple(self._read(written))
        if len(written) <= LONGEST_KEPT:
            if len(self) >= CACHE_SIZE:
                self.clear()
            self[written] = terms
        return terms


class Tokeniser:
    """Cuts text into terms for one *language*, a name that Snowball knows.

    Irregular forms and stop words are English and rest for other languages.  Raises KeyError
    for a language without a stemmer.
    """

    def __init__(self, language: str = "english") -> None:
        self.language = language
        self._stem = Stemmer.Stemmer(language, 0).stemWord  # what it would cache is kept below
        self._lemmas = LEMMAS if language in ("english", "porter") else {}
        self._stop = STOP_WORDS if language in ("english", "porter") else frozenset()
        self._known = _Known(self._read)

    def terms(self, text: str) -> list[str]:
        """The terms of *text*, in order, repeated where it repeats itself."""
        known = self._known
        return [term for piece in pieces(text) for term in known[piece]]

    def terms_of(self, piece: str) -> tuple[str, ...]:
        """The terms of one of the ``pieces`` of a text, in order."""
        return self._known[piece]

    def term(self, word: str) -> str:
        """The term of one case-folded word, stop word or not."""
        stem: str = self._stem(self._lemmas.get(word, word))
        return stem

    def _read(self, piece: str) -> list[str]:
        if piece.isascii() and piece.isalpha():
            return self._word(piece)
        chunks = _CHUNK.findall(piece)
        if chunks == [piece]:
            return self._analyse(piece)
        return [term for chunk in chunks for term in self._known[chunk]]

    def _analyse(self, chunk: str) -> list[str]:
        if not chunk.isascii() and _CJK_RUN.search(chunk):
            return self._mixed(chunk)
        number = _NUMBER.match(chunk)
        if number is not None:
            return _number(number)
        if _DATE_OR_TIME.fullmatch(chunk):
            return [chunk]
        body = _CLITIC.sub("", chunk)
        parts = _PART.findall(body)
        if len(parts) == 1 or "'" in body or "’" in body:
            return self._word("".join(parts))
        if "/" not in body and all(len(part) == 1 and part.isalpha() for part in parts):
            return self._word("".join(parts))  # U.S.A., p.m.
        terms = [term for part in parts for term in self._word(part)]
        if any(character.isdigit() for character in body):
            terms.append(body.casefold().strip("%."))  # PO-17, v2.1
        return terms

    def _word(self, word: str) -> list[str]:
        folded = word.casefold()
        if folded in self._stop and not (word.isupper() and len(word) > 1):
            return []
        terms = [self.term(folded)]
        if not word.islower() and not word.isupper() and not word.istitle():
            humps = _HUMP.findall(word)
            if len(humps) > 1:
                terms += [self.term(hump.casefold()) for hump in humps if len(hump) > 1]
        return terms

    def _mixed(self, chunk: str) -> list[str]:
        terms: list[str] = []
        at = 0
        for run in _CJK_RUN.finditer(chunk):
            terms += self.terms(chunk[at : run.start()])
            terms += _pairs(run.group())
            at = run.end()
        return terms + self.terms(chunk[at:])


def pieces(text: str) -> list[str]:
    """*text* as the tokeniser reads it, cut at white space: no term reaches across that."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).split()


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _number(match: re.Match[str]) -> list[str]:
    """``$50,000``, ``50k`` and ``50000`` are one term; a percentage is one of its own as well."""
    whole, fraction, suffix = match.group(1), match.group(2) or "", (match.group(3) or "").lower()
    digits = whole.replace(",", "")
    decimals = fraction[1:].rstrip("0")
    if suffix in ("m", "b") and match.group()[0] not in _SIGNS and match.group(3).islower():
        return [match.group().casefold()]  # 5m is a length
    if suffix in _SCALE and (digits != "0" or decimals):
        places = _SCALE[suffix]
        digits = digits + decimals[:places].ljust(places, "0")
        decimals = decimals[places:]
        digits = digits.lstrip("0") or "0"
    plain = f"{digits}.{decimals}" if decimals else digits
    return [plain, plain + "%"] if suffix == "%" else [plain]
