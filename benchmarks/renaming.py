"""A benchmark timeline in another place and time: other names, other months, the same story.

Names are found by their form (first names, what stands before a company's suffix, words with a
capital inside, projects, cities) and replaced everywhere alike, keys and ground truth included.
The whole timeline moves by some months; weekdays, dates and quarters in its texts move with it.
How turns are worded is left to ``rewordings``.
"""

import calendar
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

_NAMES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
FOUND: dict[str, list[str]] = {kind: words.split() for kind, words in _NAMES["found"].items()}
NEW: dict[str, list[str]] = {kind: words.split() for kind, words in _NAMES["new"].items()}
TECHNICAL = frozenset(_NAMES["kept"]["technical"].split())
COUNTRIES: dict[str, str] = _NAMES["countries"]

_SUFFIX = (
    r" (?:Corp|Corporation|Inc|Ltd|LLC|GmbH|Industries|Labs|Consulting|Solutions|Systems|Dynamics"
    r"|Supplies|Group|Partners|Holdings)\b"
)
_HEAD = re.compile(rf"\b([A-Z][A-Za-z]+)(?={_SUFFIX})")
_INNER_CAPITAL = re.compile(r"\b[A-Z]+[a-z]+[A-Z][A-Za-z]*\b")
_PLACEHOLDER = re.compile(r"\b(?:Globex|Initech|Hooli|Contoso|Soylent|Wonka|Vandelay)\b")
_PROJECT = re.compile(r"(?<=\bProject )(?!Manager|Lead|Director|Owner|Team|Office)[A-Z][a-z]+\b")
_NOT_A_NAME = r"(?! (?:that|this|it|as|the)\b)"

_REFERENCES = frozenset({"key", "supersedes", "depends_on"})
_KEPT = frozenset({"id", "type", "track", "domain", "version", "layer", "difficulty", "ts", "now"})

Story = dict[str, Any]


def moved(timeline: Story, rng: random.Random) -> Story:
    """*timeline* under other names and at another time, as *rng* will have it."""
    renamed = _mapped(timeline, _Names(timeline, rng).replace)
    shift = _find_shift(renamed, rng)
    shifted: Story = _mapped(renamed, lambda key, text: shift.apply(key, text))
    return shifted


def texts(value: Any) -> Iterator[str]:
    """Every text in *value*, a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if key not in _KEPT:
                yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


def _mapped(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """*value* with ``change(key, text)`` in the place of each text under *key*."""
    if isinstance(value, str):
        return change(key, value)
    if isinstance(value, Mapping):
        return {name: _mapped(member, change, name) for name, member in value.items()}
    if isinstance(value, list):
        return [_mapped(member, change, key) for member in value]
    return value


# ---- names -------------------------------------------------------------------------------------


class _Names:
    """The names of one timeline and what they become."""

    def __init__(self, timeline: Story, rng: random.Random) -> None:
        self._text = "\n".join(texts(timeline))
        self._rng = rng
        self._new: dict[str, str] = {}
        heads = set(_HEAD.findall(self._text)) - {"The", "Our", "All", "IT"}
        inner = set(_INNER_CAPITAL.findall(self._text)) - TECHNICAL
        whole = inner | set(_PLACEHOLDER.findall(self._text))
        self._choose(self._words(FOUND["female"]), NEW["female"])
        self._choose(self._words(FOUND["male"]), NEW["male"])
        self._choose(self._after_first_names(), NEW["surnames"])
        self._choose(set(_PROJECT.findall(self._text)), NEW["projects"])
        self._choose(self._words(FOUND["cities"]) - set(self._new), NEW["cities"])
        self._choose(heads | whole, NEW["companies"])
        self._choose_countries()
        ordinary = heads - whole
        order = sorted(self._new, key=lambda name: (-len(name), name))
        self._in_texts = _any_of(self._pattern(name, name in ordinary) for name in order)
        self._in_keys = _any_of(self._key_pattern(name.lower(), name in ordinary) for name in order)
        self._new_keys = {old.lower(): new.lower() for old, new in self._new.items()}

    def replace(self, key: str, text: str) -> str:
        """*text*, which stands under *key*, with the new names."""
        if key in _KEPT:
            return text
        text = self._in_keys.sub(lambda m: self._new_keys[m[0]], text)
        return self._in_texts.sub(lambda m: self._new[m[0]], text)

    def _pattern(self, name: str, ordinary: bool) -> str:
        """An *ordinary* word is a name only before a company's suffix."""
        return rf"\b{name}(?={_SUFFIX})" if ordinary else rf"\b{name}\b{_NOT_A_NAME}"

    def _key_pattern(self, name: str, ordinary: bool) -> str:
        """The name as a part of a key."""
        if ordinary:
            return rf"(?<![a-z]){name}(?=_(?:corp|inc|industries|labs|supplies)(?![a-z]))"
        return rf"(?<=_){name}(?![a-z])|(?<![a-z]){name}(?=_)"

    def _words(self, names: list[str]) -> set[str]:
        return {n for n in names if re.search(rf"\b{n}\b{_NOT_A_NAME}", self._text)}

    def _after_first_names(self) -> set[str]:
        first = "|".join([*FOUND["female"], *FOUND["male"]])
        found = set(re.findall(rf"\b(?:{first}) ([A-Z][a-z]+)\b", self._text))
        return found & set(FOUND["surnames"])

    def _choose(self, names: set[str], pool: list[str]) -> None:
        free = [name for name in pool if name not in self._text]
        self._rng.shuffle(free)
        self._new.update(zip(sorted(names), free, strict=False))

    def _choose_countries(self) -> None:
        spoken = {c for c, a in COUNTRIES.items() if c in self._text or f"{a} " in self._text}
        self._choose(spoken, sorted(COUNTRIES))
        for country in spoken:
            self._new[COUNTRIES[country]] = COUNTRIES[self._new[country]]


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches what one of *patterns* does; without any, nothing."""
    return re.compile("|".join(patterns) or r"(?!)")


# ---- months, weekdays, quarters ----------------------------------------------------------------

_MONTHS = list(calendar.month_name)[1:]
_SHORT = list(calendar.month_abbr)[1:]
_DAYS = list(calendar.day_name)
_MAY = _MONTHS.index("May")
_DATE = re.compile(
    rf"\b(?P<month>{'|'.join([*_MONTHS, *_SHORT])})\b"
    r"(?P<day>\.? (?P<number>\d{1,2})(?:st|nd|rd|th)?\b)?(?:(?P<comma>,? )(?P<year>20\d\d)\b)?"
)
_DAY = re.compile(rf"\b(?:{'|'.join(_DAYS)})(?=s?\b)")
_QUARTER = re.compile(r"\bQ([1-4])\b")


class _Shift:
    """So many months later, and the days that this makes for the first instant."""

    def __init__(self, months: int, first: datetime) -> None:
        self.months = months
        self.delta = _later(first, months) - first

    def apply(self, key: str, text: str) -> str:
        """*text*, which stands under *key*, so much later."""
        if key in ("ts", "now"):
            return (datetime.fromisoformat(text) + self.delta).isoformat()
        if key in _KEPT or key in _REFERENCES:
            return text
        text = _DATE.sub(self._date, text)
        text = _DAY.sub(lambda m: _DAYS[(_DAYS.index(m[0]) + self.delta.days) % 7], text)
        if self.months % 3:
            return text
        return _QUARTER.sub(lambda m: f"Q{(int(m[1]) - 1 + self.months // 3) % 4 + 1}", text)

    def _date(self, found: re.Match[str]) -> str:
        name = found["month"]
        if name == "May" and found["day"] is None:
            return found[0]
        table = _SHORT if name in _SHORT and name != "May" else _MONTHS
        number = table.index(name) + self.months
        year = int(found["year"]) + number // 12 if found["year"] else ""
        return f"{table[number % 12]}{found['day'] or ''}{found['comma'] or ''}{year}"

    def fits(self, text: str) -> bool:
        """Whether every date in *text* still is one, and no month becomes an ordinary word."""
        for found in _DATE.finditer(text):
            name = found["month"]
            place = (_SHORT if name in _SHORT else _MONTHS).index(name)
            month = (place + self.months) % 12
            if int(found["number"] or 1) > calendar.monthrange(2025, month + 1)[1]:
                return False
            if _MAY in (month, place):
                return False
        return self.months % 3 == 0 or not re.search(r"\bQ[1-4]\b|quarter", text, re.I)

    def weekends(self, text: str) -> int:
        """How many weekdays it would make a Saturday or Sunday of."""
        later = (_DAYS.index(found[0]) + self.delta.days for found in _DAY.finditer(text))
        return sum(day % 7 >= 5 for day in later)


def _find_shift(timeline: Story, rng: random.Random) -> _Shift:
    """A shift that fits *timeline*, with as few weekdays as can be put on weekends."""
    text = "\n".join(texts(timeline))
    first = datetime.fromisoformat(timeline["events"][0]["ts"])
    fitting = [shift for shift in (_Shift(m, first) for m in range(1, 12)) if shift.fits(text)]
    if not fitting:
        return _Shift(0, first)
    rng.shuffle(fitting)
    return min(fitting, key=lambda shift: shift.weekends(text))


def _later(at: datetime, months: int) -> datetime:
    """*at* so many months later, on an earlier day where the month has no such day."""
    number = at.month - 1 + months
    year, month = at.year + number // 12, number % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
