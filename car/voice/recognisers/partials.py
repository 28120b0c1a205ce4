"""The text of an open segment out of hypotheses that change: only ever extended.

Recognisers tell what they understood so far, and take it back as they hear more.  What is
shown of it is for the voice session, which puts every hypothesis through an ``AgreedText``.
"""

_PUNCTUATION = ".,;:!?…-–—\"'“”()"


class AgreedText:
    """One segment's partial text: the words that two successive hypotheses agreed upon.

    Words are compared without case and punctuation, which change as a sentence goes on.
    """

    def __init__(self) -> None:
        self._before: list[str] = []
        self._shown: list[str] = []

    @property
    def text(self) -> str:
        """What was agreed so far."""
        return " ".join(self._shown)

    def heard(self, hypothesis: str) -> str | None:
        """Take the next hypothesis; the text if that was extended, else None.

        A word that was shown stays as it is, also where later hypotheses have another in its
        place: the text of the whole segment puts it right.
        """
        words = hypothesis.split()
        agreed = _agreement(words, self._before)
        self._before = words
        if agreed <= len(self._shown):
            return None
        self._shown += words[len(self._shown) : agreed]
        self._shown[-1] = self._shown[-1].rstrip(_PUNCTUATION) or self._shown[-1]
        return self.text


def _agreement(one: list[str], other: list[str]) -> int:
    """How many words *one* and *other* begin with in common."""
    agreed = 0
    for mine, theirs in zip(one, other, strict=False):
        if _bare(mine) != _bare(theirs):
            break
        agreed += 1
    return agreed


def _bare(word: str) -> str:
    return word.strip(_PUNCTUATION).casefold()
