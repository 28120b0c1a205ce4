"""Dates in talk: the day something was said, the days it speaks of, the days a question asks for.

All become terms of one shape that match one another: ``@2023-05-08`` a day, ``@2023-05`` a
month, ``@2023`` a year, ``@-05-08`` and ``@-05`` a day and a month of any year.  They start with
a sign that no word starts with.  English wording; days are those of UTC.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import msgspec

TIMED = "@when"
"""The term of a text that says when something happens."""

_EPOCH = date(1970, 1, 1)
_DAY_SECONDS = 86_400
_FAR = 5e10  # seconds: the years 385 to 3554
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH_OF = {name[:3]: number for number, name in enumerate(_MONTHS.split("|"), 1)}
_WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_WEEKDAY_OF = {name: number for number, name in enumerate(_WEEKDAYS.split("|"))}
_COUNTS = {
    word: number
    for number, words in enumerate(
        ("", "a an one", "two couple", "three few", "four", "five", "six", "seven", "eight")
    )
    for word in words.split()
}
_MONTH = rf"(?P<month>{_MONTHS}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SPAN = r"(?P<unit>day|week|weekend|month|year)s?"

_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b")
_DAY_MONTH = re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?\b", re.IGNORECASE)
_MONTH_DAY = re.compile(
    rf"\b{_MONTH}(?: {_DAY})?(?:,? {_YEAR})?(?![a-z\d])",
    re.IGNORECASE,
)
_YEAR_ONLY = re.compile(rf"\b(?:in|of|since|during|year) {_YEAR}\b", re.IGNORECASE)
_AGO = re.compile(
    rf"\b(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})(?: of)? {_SPAN} ago\b", re.IGNORECASE
)
_STEP = re.compile(
    rf"\b(?P<step>last|past|previous|this|next) (?:{_SPAN}|(?P<weekday>{_WEEKDAYS}))\b",
    re.IGNORECASE,
)
_NEAR = re.compile(r"\b(?P<near>yesterday|today|tonight|this morning|tomorrow)\b", re.IGNORECASE)
_ANY_TIME = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|ago|(?:last|past|this|next|every) (?:\w+ )?"
    r"(?:night|morning|evening|day|week|weekend|month|year|spring|summer|fall|autumn|winter"
    rf"|{_WEEKDAYS})|(?:the other|one) day|recently|{_WEEKDAYS}"
    rf"|{_MONTHS.replace('|march', '').replace('|may', '')})s?\b",
    re.IGNORECASE,
)
_ALSO_WORDS = frozenset({"may", "march", "mar", "jan", "dec"})
"""Months by themselves only beside a day or a year."""
_NEAR_DAYS = {"yesterday": -1, "tomorrow": 1}
_STEPS = {"last": -1, "past": -1, "previous": -1, "this": 0, "next": 1}
_UNIT_DAYS = {"day": 1, "week": 7, "weekend": 7, "month": 30, "year": 365}
_HINTS = frozenset(
    f"ago today tonight yesterday tomorrow last past previous this next every day recently"
    f" jan feb mar apr jun jul aug sep sept oct nov dec 0 1 2 3 4 5 6 7 8 9"
    f" {_MONTHS} {_WEEKDAYS} {_WEEKDAYS.replace('|', 's|')}s".replace("|", " ").split()
)
"""Words and digits one of which every text has that speaks of a time; few others do."""
_HINT = re.compile(r"[a-z]+|\d")
_ASKS_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:date|day|month|year|time)\b|\bhow long ago\b", re.IGNORECASE
)


class Mention(msgspec.Struct, frozen=True):
    """A date as far as it was given; at least one part is."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def terms(self) -> list[str]:
        """The terms of a text that speaks of this date, closest first."""
        found = self.asked()
        if self.year is not None and self.month is not None:
            found.append(f"@-{self.month:02}")
            if self.day is not None:
                found.append(f"@-{self.month:02}-{self.day:02}")
        return found

    def asked(self) -> list[str]:
        """The terms of a question that asks for this date, closest first."""
        found = []
        year = "" if self.year is None else str(self.year)
        if self.month is not None:
            if self.day is not None:
                found.append(f"@{year or '-'}-{self.month:02}-{self.day:02}".replace("--", "-"))
            found.append(f"@{year or '-'}-{self.month:02}".replace("--", "-"))
        if year:
            found.append(f"@{year}")
        return found


def mentions(text: str, at: float) -> Iterator[Mention]:
    """The dates that *text*, said at *at* (epoch seconds), speaks of."""
    said = _EPOCH + timedelta(days=_day_number(at))
    for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _YEAR_ONLY):
        for match in pattern.finditer(text):
            mention = _absolute(match)
            if mention is not None:
                yield mention
    for match in _NEAR.finditer(text):
        yield _day(said + timedelta(days=_NEAR_DAYS.get(match["near"].lower(), 0)))
    for match in _AGO.finditer(text):
        word = match["count"].lower()
        count = _COUNTS.get(word) or int(word)
        yield _moved(said, match["unit"].lower(), -count)
    for match in _STEP.finditer(text):
        step = _STEPS[match["step"].lower()]
        if match["weekday"]:
            yield _day(_weekday(said, _WEEKDAY_OF[match["weekday"].lower()], step))
        else:
            yield _moved(said, match["unit"].lower(), step)


def turn_terms(text: str, at: float) -> list[str]:
    """The date terms of a turn: of the day it was said, and of the days it speaks of."""
    today = _day_terms(_day_number(at))
    if _HINTS.isdisjoint(_HINT.findall(text.lower())):
        return list(today)
    terms = dict.fromkeys(today)
    spoken = list(mentions(text, at))
    for mention in spoken:
        terms.update(dict.fromkeys(mention.terms()))
    if spoken or _ANY_TIME.search(text):
        terms[TIMED] = None
    return list(terms)


def _day_number(at: float) -> int:
    """The days from the epoch to *at*, kept among those that a calendar has."""
    return int(min(max(at, -_FAR), _FAR) // _DAY_SECONDS)


@lru_cache(maxsize=1024)
def _day_terms(day: int) -> tuple[str, ...]:
    """The terms of the day *day*, counted from the epoch."""
    return tuple(_day(_EPOCH + timedelta(days=day)).terms())


def question_terms(text: str, at: float) -> list[str]:
    """The date terms that a question put at *at* asks for; TIMED where it asks when."""
    terms: dict[str, None] = {}
    for mention in mentions(text, at):
        terms.update(dict.fromkeys(mention.asked()))
    if _ASKS_WHEN.search(text):
        terms[TIMED] = None
    return list(terms)


def _absolute(match: re.Match[str]) -> Mention | None:
    parts = match.groupdict()
    written, year, day = parts.get("month"), parts.get("year"), parts.get("day")
    if written is None:
        return Mention(year=int(match["year"]))
    if not written.isdigit():
        name = written.lower()
        if name in _ALSO_WORDS and not (year or day):
            return None
        month = _MONTH_OF[name[:3]]
    else:
        month = int(written)
    if not 1 <= month <= 12 or (day and not 1 <= int(day) <= 31):
        return None
    return Mention(int(year) if year else None, month, int(day) if day else None)


def _day(day: date) -> Mention:
    return Mention(day.year, day.month, day.day)


def _moved(said: date, unit: str, count: int) -> Mention:
    """The date *count* units from *said*, as closely as the unit says."""
    if unit == "year":
        return Mention(said.year + count)
    if unit == "month":
        months = said.year * 12 + said.month - 1 + count
        return Mention(months // 12, months % 12 + 1)
    moved = said + timedelta(days=count * _UNIT_DAYS[unit])
    return _day(moved) if unit == "day" else Mention(moved.year, moved.month)


def _weekday(said: date, weekday: int, step: int) -> date:
    """The *weekday* before (-1), after (1) or in (0) the week around *said*."""
    ahead = (weekday - said.weekday()) % 7
    if step == 0:
        return said + timedelta(days=weekday - said.weekday())
    return said + timedelta(days=(ahead or 7) if step > 0 else ahead - 7)
