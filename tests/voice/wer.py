"""The word error rate of a transcript, with numbers in words and without punctuation."""

import re

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def word_error_rate(said: str, heard: str) -> float:
    """Words put in, left out and mistaken, as a share of the words of *said*."""
    reference, words = normalised(said), normalised(heard)
    distances = list(range(len(words) + 1))
    for row, wanted in enumerate(reference, 1):
        diagonal, distances[0] = distances[0], row
        for column, word in enumerate(words, 1):
            mistaken = diagonal + (word != wanted)
            diagonal = distances[column]
            distances[column] = min(mistaken, diagonal + 1, distances[column - 1] + 1)
    return distances[-1] / len(reference)


def normalised(text: str) -> list[str]:
    """The words of *text*: lower case, numbers below a million spelt out, no punctuation."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("’", "'"))
    found = re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?", plain)
    return [word for one in found for word in (_number(int(one)) if one.isdigit() else [one])]


def _number(value: int) -> list[str]:
    if value < 20:
        return [_ONES[value]]
    for size, name in ((1_000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = _number(value % size) if value % size else []
            return [*_number(value // size), name, *rest]
    return [_TENS[value // 10], *([_ONES[value % 10]] if value % 10 else [])]
