"""Typed values in running text: amounts, dates, times, places, states, names, identifiers.

A value is what may change while its subject stays.  Two spellings of one value (``$50k`` and
``$50,000``, ``Jan 5`` and ``January 5th``) have one normal form.  What a value is *of* is left
to ``statements``.
"""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from car.memgine.dialogue.countdowns import instant, is_left
from car.memgine.dialogue.states import states


class Kind(StrEnum):
    """The families of values; only values of one family stand in for one another."""

    MONEY = "money"
    PERCENT = "percent"
    COUNT = "count"
    WHEN = "when"
    SPAN = "span"
    STATE = "state"
    PLACE = "place"
    IDENTIFIER = "identifier"
    CHOICE = "choice"


class Value(msgspec.Struct, frozen=True):
    """One value at ``text[start:end]``; *normal* is how it compares, *unit* a count's noun."""

    kind: Kind
    normal: str
    start: int
    end: int
    unit: str = ""
    counted: str = ""
    """How an instant was counted from when it was said: "tomorrow", "3 day"."""

    def same(self, other: "Value") -> bool:
        """Whether both name one value; what is so many minutes away may be so a moment later."""
        if self.kind is not other.kind:
            return False
        again = self.unit == "time" and self.counted != "" and self.counted == other.counted
        return self.normal == other.normal or again

    def rivals(self, other: "Value") -> bool:
        """Whether the one could stand in the other's place and says something else."""
        if self.kind is not other.kind:
            return False
        if self.same(other) and (not other.counted or self.counted in ("", other.counted)):
            return False
        return not (self.unit and other.unit and self.unit != other.unit)


_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_WORD_NUMBERS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "million": 1e6}
_SCALES |= {"b": 1e9, "bn": 1e9, "billion": 1e9}
_SCALE = r"(?:\s?(?:k|mm?|mn|bn?|thousand|million|billion)\b)?"
_MONTH_NAMES = """
    january jan, february feb, march mar, april apr, may, june jun, july jul, august aug,
    september sept sep, october oct, november nov, december dec
"""
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.split(","), start=1)
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAYS = {
    name: full
    for full in (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    )
    for name in (full, full[:3])
} | {"tues": "tuesday", "thurs": "thursday", "thur": "thursday", "weds": "wednesday"}
_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_SPAN_UNIT = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|quarters?|years?"
r"|yrs?"

_PATTERN = re.compile(
    rf"""
    (?P<money>(?:[$€£¥]|\b(?:USD|EUR|GBP)\s?)(?:{_NUMBER}){_SCALE}
        |(?<![\w.])(?:{_NUMBER}){_SCALE}\s?(?:dollars|euros|pounds|usd|eur|gbp|bucks)\b)
    |(?P<percent>(?<![\w.])(?:{_NUMBER})\s?(?:%|percent\b|per\s?cent\b))
    |(?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)
    |(?P<date>\b(?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?
        |\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})\b(?:,?\s+\d{{4}}\b)?
        |\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b)
    |(?P<month>\b(?:(?:early|mid|late|end\ of)[ -])?(?:january|february|march|april|june|july
        |august|september|october|november|december)\b(?:\s+\d{{4}}\b)?)
    |(?P<quarter>\bq[1-4]\b(?:\s+\d{{4}})?)
    |(?P<time>\b\d{{1,2}}(?::\d{{2}})?\s?(?:[ap]\.?m\b\.?)|\b\d{{1,2}}:\d{{2}}\b|\b(?:noon
        |midnight)\b)
    |(?P<day>\b(?:{_DAY})\b)
    |(?P<relative>\b(?:day\ after\ tomorrow|today|tonight|tomorrow|yesterday
        |(?:this|next|last|the\ following)\s+(?:morning|afternoon|evening|week(?:end)?|month
            |quarter|year|{_DAY})
        |end\ of\ (?:the\ |this\ |next\ )?(?:day|week|month|quarter|year)
        |eod|eow|eom|eoq|eoy|asap|later\ today)\b)
    |(?P<span>(?<![\w.$])(?:{_NUMBER}|{"|".join(_WORD_NUMBERS)}|a|an|a\ few
        |couple\ of)(?:\s?[-–]\s?\d+)?
        [-\s](?:more\ |business\ |full\ )?(?:{_SPAN_UNIT})\b)
    |(?P<identifier>(?:\b[A-Za-z]{{1,10}}\s)?\#\d+\b|\b[A-Z][A-Z0-9]{{0,9}}-\d+\b
        |\b(?:phase|deal|item|tier|level|version|sprint|step|part|option|rack|server|line|batch
        |build|case|page|chapter|section|lane|gate|bay|zone|wave|milestone|priority|building)
        \s\d+\b)
    |(?P<place>\b(?:conference\s+|meeting\s+)?(?:room|building|floor|suite|hall|desk|gate|lab
        |office)
        \s+(?-i:[A-Z]\b|\d+\w*\b|[A-Z][a-z]+\b)|\b(?:zoom|google\ meet|webex|on-?site|in\ person)\b
        |\b(?-i:[A-Z][a-z]+(?:\ [A-Z][a-z]+)?)\ (?:office|hub|campus|warehouse|headquarters|branch
            |plant|site)\b)
    |(?P<count>(?<![\w.$#/-])(?:{_NUMBER}|{"|".join(_WORD_NUMBERS)})(?:\s?k\b)?(?:\s?[-–]\s?\d+)?
        (?![\w%]|[.,:/]\d)(?:(?:-|\s+)(?P<unit>[a-z][a-z]+))?)
    """,
    re.X | re.I,
)

_FUNCTION_WORDS = """
    of to for in on at and or the a an is are was were with from by as per instead total more less
    than each please thanks only max maximum minimum so now but if when that which then while
    because until not
"""
_NO_UNIT = frozenset(_FUNCTION_WORDS.split())
"""What follows a number without being what it counts."""


def values_in(text: str, at: float) -> list[Value]:
    """The values of *text* in order, states last; *at* is the instant "tomorrow" counts from."""
    found: list[Value] = []
    if any(character.isdigit() for character in text) or _WORDY.search(text):
        for match in _PATTERN.finditer(text):
            value = _value(match, at, dated=bool(found) and found[-1].kind is Kind.WHEN)
            if value is not None:
                found.append(value)
    for start, end, state in states(text):
        within = [value for value in found if value.start < end and start < value.end]
        if all(value.kind is Kind.COUNT for value in within):
            found = [value for value in found if value not in within]
            found.append(Value(Kind.STATE, state, start, end))
    return found


_WORDY = re.compile(
    rf"\b(?:{_DAY}|{_MONTH}|today|tonight|tomorrow|yesterday|this|next|last|following|end\ of"
    rf"|eod|eow|eom|eoq|eoy|asap|noon|midnight|{'|'.join(_WORD_NUMBERS)}|an?|few|couple|room"
    r"|building|floor|suite|hall|desk|gate|lab|office|zoom|meet|webex|on-?site|person|hub|campus"
    r"|warehouse|headquarters|branch|plant|site|later)\b",
    re.I,
)


def _value(match: re.Match[str], at: float, *, dated: bool) -> Value | None:
    name = match.lastgroup or ""
    if name == "unit":
        name = "count"
    text = match.group().lower()
    start, end = match.span()
    if name == "money":
        return Value(Kind.MONEY, _amount(text), start, end)
    if name == "percent":
        return Value(Kind.PERCENT, _amount(text), start, end)
    if name in ("iso", "date", "month", "quarter", "time", "day", "relative"):
        normal = _when(name, text, at)
        unit = "past" if _GONE.match(text) else "time" if name == "time" else "day"
        words = " ".join(text.split())
        return Value(Kind.WHEN, normal, start, end, unit, words if words in _OFFSETS else "")
    if name == "span":
        return _span_or_date(match, at, dated=dated)
    if name == "count":
        return _count(match)
    if name == "identifier":
        return Value(Kind.IDENTIFIER, _named(text), start, end)
    return Value(Kind.PLACE, " ".join(text.split()), start, end)


TELLING_DIGITS = 3
"""Digits from which on a number tells what it numbers by itself (``#4521``)."""


def _named(text: str) -> str:
    """An identifier: a long number goes by itself, a short one with the noun before it."""
    noun, mark, number = text.partition("#")
    if not mark or len(number) >= TELLING_DIGITS or noun.strip() in _NO_UNIT:
        return f"#{number}" if mark else " ".join(text.split())
    return " ".join(text.split())


_GONE = re.compile(r"last\b|yesterday")
"""Days that something happened on: they answer no plan."""


def _amount(text: str) -> str:
    number = re.search(_NUMBER, text)
    if number is None:
        return text
    amount = float(number.group().replace(",", ""))
    scale = re.match(r"\s?(k|mm?|mn|bn?|thousand|million|billion)\b", text[number.end() :])
    if scale:
        amount *= _SCALES[scale[1]]
    return f"{amount:g}" if amount < 1e6 else f"{amount:.0f}"


def _when(name: str, text: str, at: float) -> str:
    if name == "iso":
        return text[5:]
    if name == "date":
        return _date(text)
    if name == "day":
        return _DAYS[text]
    if name == "time":
        return _clock(text)
    if name == "relative":
        return _relative(" ".join(text.split()), at)
    words = text.replace("-", " ").split()
    return " ".join(f"month {_MONTHS[word]}" if word in _MONTHS else word for word in words)


def _date(text: str) -> str:
    if "/" in text:
        parts = text.split("/")
        return f"{int(parts[0]):02d}-{int(parts[1]):02d}"
    month = next(_MONTHS[word] for word in re.findall(r"[a-z]+", text) if word in _MONTHS)
    day = re.search(r"\b\d{1,2}(?!\d)", text)
    return f"{month:02d}-{int(day.group()) if day else 0:02d}"


def _clock(text: str) -> str:
    if text in ("noon", "midnight"):
        return "12:00" if text == "noon" else "00:00"
    hour, _, minute = re.sub(r"[^\d:]", "", text).partition(":")
    hours = int(hour) % 12 + 12 if "p" in text else int(hour) % 12 if "a" in text else int(hour)
    return f"{hours:02d}:{minute or '00'}"


_OFFSETS = {"today": 0, "tonight": 0, "later today": 0, "eod": 0, "end of day": 0}
_OFFSETS |= {"end of the day": 0, "tomorrow": 1, "yesterday": -1, "day after tomorrow": 2}


def _relative(text: str, at: float) -> str:
    offset = _OFFSETS.get(text)
    if offset is None:
        last = text.rpartition(" ")[2]
        return _DAYS.get(last, text.replace("the ", "")) if not _GONE.match(text) else text
    return f"{datetime.fromtimestamp(at, UTC) + timedelta(days=offset):%m-%d}"


def _span(text: str) -> str:
    words = re.findall(r"\d[\d,.]*|[a-z]+", text)
    unit = words[-1].rstrip("s")[:3]
    head = words[0]
    number = _WORD_NUMBERS.get(head, {"a": 1, "an": 1, "couple": 2}.get(head, head))
    return f"{number} {unit}"


def _span_or_date(match: re.Match[str], at: float, *, dated: bool) -> Value:
    """A span; what is left is an instant, counted from *at*."""
    start, end = match.span()
    span = _span(match.group().lower())
    number, unit = span.split()
    moment = instant(number, unit, at) if is_left(match.string, start, end, dated=dated) else None
    if moment is None:
        return Value(Kind.SPAN, span, start, end)
    return Value(Kind.WHEN, moment[0], start, end, moment[1], span)


def _count(match: re.Match[str]) -> Value | None:
    text = match.group().lower()
    unit = (match["unit"] or "").lower()
    end = match.end()
    if unit in _NO_UNIT:
        end = match.start("unit")
        text, unit = text[: end - match.start()].rstrip(" -"), ""
        end = match.start() + len(text)
    head = re.split(r"[\s-]", text)[0]
    if head in _WORD_NUMBERS and not unit:
        return None
    number = str(_WORD_NUMBERS[head]) if head in _WORD_NUMBERS else _amount(text)
    return Value(Kind.COUNT, number, match.start(), end, unit.rstrip("s"))
