"""Which language a text is in: by its letters, and by its small words where letters do not tell.

Good for a sentence or more; of a word or two it rather says nothing.
"""

import re
from bisect import bisect_right
from collections import Counter

from car.nlp.words import FUNCTION_WORDS

MOST_CHARS = 20_000
"""How much of a text is looked at."""

_LEAST_MARGIN = 1.1
"""How much better the best must be than the next; words in common count for less."""

_WORD = re.compile(r"[^\W\d_]+")

_SCRIPTS = (
    (0x0041, 0x024F, "Latin"),
    (0x0370, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x077F, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Hangul"),
    (0x1E00, 0x1EFF, "Latin"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x3040, 0x30FF, "Kana"),
    (0x3400, 0x9FFF, "Han"),
    (0xAC00, 0xD7AF, "Hangul"),
)
"""Blocks of Unicode in order: first and last code point, script."""

_FIRSTS = [first for first, _, _ in _SCRIPTS]

_ONLY_LANGUAGE = {
    "Greek": "el",
    "Armenian": "hy",
    "Hebrew": "he",
    "Devanagari": "hi",
    "Bengali": "bn",
    "Gurmukhi": "pa",
    "Gujarati": "gu",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Thai": "th",
    "Georgian": "ka",
    "Hangul": "ko",
    "Kana": "ja",
    "Han": "zh",
}
"""Scripts that stand for one language, or for the one most written in it."""

_TELLING_LETTERS = {
    "Cyrillic": (("be", "ў"), ("uk", "іїєґ"), ("sr", "јљњћђџ"), ("ru", "ыэё"), ("bg", "ъщ")),
    "Arabic": (("ur", "ٹڈڑےں"), ("fa", "پچژگ")),
}
"""Letters that only one language of a script has, in order of asking."""

_MOST_COMMON = {"Cyrillic": "ru", "Arabic": "ar"}
"""What a text in that script is without any such letter."""

_VIETNAMESE = frozenset("ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")

_SHARED: Counter[str] = Counter(word for words in FUNCTION_WORDS.values() for word in words)
"""In how many languages a word stands."""


def identify_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of *text*, None where nothing tells."""
    sample = text[:MOST_CHARS].lower()
    scripts: Counter[str] = Counter()
    for letter, count in Counter(sample).items():
        script = _script(letter)
        if script is not None:
            scripts[script] += count
    if not scripts:
        return None
    script = scripts.most_common(1)[0][0]
    if scripts["Kana"] and script == "Han":
        return "ja"  # Chinese has none
    if script == "Latin":
        return _by_words(sample)
    for language, letters in _TELLING_LETTERS.get(script, ()):
        if any(letter in sample for letter in letters):
            return language
    return _ONLY_LANGUAGE.get(script) or _MOST_COMMON[script]


def _script(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    place = bisect_right(_FIRSTS, ord(letter)) - 1
    if place < 0:
        return None
    _, last, script = _SCRIPTS[place]
    return script if ord(letter) <= last else None


def _by_words(sample: str) -> str | None:
    """The language in Latin letters whose small words are most frequent."""
    words = _WORD.findall(sample)
    marked = sum(1 for word in words if not _VIETNAMESE.isdisjoint(word))
    if words and marked > len(words) / 3:
        return "vi"
    scores: Counter[str] = Counter()
    for word, count in Counter(words).items():
        if word in _SHARED:
            for language, known in FUNCTION_WORDS.items():
                if word in known:
                    scores[language] += count * 1000 // _SHARED[word]
    ranked = scores.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] < _LEAST_MARGIN * ranked[1][1]):
        return None
    return ranked[0][0]
