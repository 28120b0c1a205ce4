"""Saying a turn in other words, without touching what the ground truth asks for."""

import random
import re
from collections.abc import Iterator, Sequence
from string import Formatter

from benchmarks.renaming import Story, texts
from benchmarks.wordings import Cue, Voice

_RANKED = re.compile(
    r"\[(?P<l>[A-Z_]+)\] (?P<n>[A-Z][\w ]*?) \((?P<r>[^()]+)\): (?P<x>.+)", re.DOTALL
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=\S)")
_TITLE = re.compile(r"\[(?P<n>[A-Z][\w ]*)\] (?P<x>.+)", re.DOTALL)
_SPEAKER = re.compile(r"\[?(?P<n>[A-Z][\w ]*?) \((?P<r>[^()]+)\)\]?: (?P<x>.+)", re.DOTALL)
_LEANS_ON_OTHERS = re.compile(
    r"(?:it|that|this|they|he|she|but|then|so|and|anyway|still|also|same|make|no|if|because|please"
    r"|you|what|who|which|when|actually|later|now)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:(?:and|so|or|then|well|okay|alright|separately|in an unrelated matter"
    r"|on another topic)\b,? )*"
    r"(?:could|would|can|may I|shall we|does|did|is|are|has|have you|do (?:you|I|we|they)"
    r"|what(?! (?:we|they|I)\b)|whats|who(?! made)|where(?! we)|how)\b"
    r"|which (?!gives|makes).*"
    r"|.*, (?:could|would|may|did|are|has) (?:you|I|they|we|it|the)\b[^,]*$"
    r"|.*, how much\b.*"
    r"|.*, (?:right|no|isn't it|didn't we|what else did we have)$",
    re.IGNORECASE,
)
_OPEN = re.compile(r"[a-z]")


class Phrases:
    """The phrases of a timeline's ground truth, found as the benchmark finds them."""

    def __init__(self, timeline: Story) -> None:
        truths = [event["ground_truth"] for event in timeline["events"] if event["type"] == "query"]
        wanted = [p for t in truths for p in (*t["must_mention"], *t["must_not_mention"])]
        self._patterns = [
            re.compile(rf"(?<!\w){re.escape(phrase.strip().lower())}(?!\w)") for phrase in wanted
        ]

    def in_text(self, text: str) -> list[bool]:
        """For each phrase, whether *text* has it."""
        low = text.lower()
        return [pattern.search(low) is not None for pattern in self._patterns]


def told(timeline: Story) -> str:
    """Everything that the timeline tells before it asks."""
    heard = [event for event in timeline["events"] if event["type"] != "query"]
    return "\n".join(texts([timeline["initial_state"], heard]))


class Reworder:
    """Says the turns of one timeline in other words: those of *voice*."""

    def __init__(self, voice: Voice, phrases: Phrases, rng: random.Random):
        self._voice = voice
        self._manner = voice.manner
        self._said_before: dict[str, str] = {}
        self._phrases = phrases
        self._rng = rng

    def turn(self, text: str) -> str:
        """A speaker's turn."""
        if self._voice.repeats and not self._is_introduced(text):
            return self._said(text)
        for pattern, forms in (
            (_SPEAKER, self._manner.speakers),
            (_TITLE, self._manner.titles),
        ):
            found = pattern.fullmatch(text)
            if found is not None:
                parts = {**found.groupdict(), "x": self._said(found["x"])}
                return self._kept(text, self._rng.choice(forms).format(**parts))
        return self._said(text)

    def _is_introduced(self, text: str) -> bool:
        """Whether *text* begins with its speaker, and not with what only looks like one."""
        found = _SPEAKER.fullmatch(text) or _TITLE.fullmatch(text)
        return found is not None and self._whole(found["x"]) is not None

    def mark(self, text: str) -> str:
        """A structured text, of which only the mark in front is said differently.

        In a register of its own, so is what repeats a turn.
        """
        if text in self._said_before:
            return self._said_before[text]
        found = _RANKED.fullmatch(text)
        if found is not None and self._manner.ranked:
            parts = {
                **found.groupdict(),
                "l": self._manner.ranks[found["l"]],
                "x": self._said_before.get(found["x"], found["x"]),
            }
            return self._kept(text, self._rng.choice(self._manner.ranked).format(**parts))
        return self._by_cue(text, self._voice.wordings.mark, end="") or text

    def question(self, text: str) -> str:
        """What is asked at the end."""
        return self._rng.choice(self._manner.asking).format(x=text)

    def _said(self, text: str) -> str:
        new = self._whole(text) or " ".join(self._sentences(_SENTENCE_END.split(text)))
        return self._chatted(text, new)

    def _whole(self, text: str) -> str | None:
        return self._by_cue(text, [cue for cue in self._voice.wordings.cue if cue.whole])

    def _chatted(self, text: str, new: str) -> str:
        """*new*, which says *text*, in the manner of the set."""
        new = self._kept(new, self._with_pairs(new))
        if self._voice.repeats:
            self._said_before[text] = new
        if self._rng.random() < self._manner.chatter:
            new = self._kept(new, f"{self._rng.choice(self._manner.openings)} {new}")
        if self._rng.random() < self._manner.chatter / 2:
            end = "" if new[-1] in ".!?…" else "."
            new = self._kept(new, f"{new}{end} {self._rng.choice(self._manner.endings)}")
        if self._rng.random() < self._manner.small_letters:
            new = new.lower().rstrip(".")
        return new

    def _sentences(self, sentences: list[str]) -> Iterator[str]:
        cues = [
            cue for cue in (*self._voice.wordings.cue, *self._voice.wordings.form) if not cue.whole
        ]
        new = [(sentence, self._by_cue(sentence, cues)) for sentence in sentences]
        if len(new) > 1 and all(by_cue is None for _, by_cue in new):
            yield from self._reordered(sentences)
            return
        for sentence, by_cue in new:
            yield sentence if by_cue is None else by_cue

    def _reordered(self, sentences: list[str]) -> list[str]:
        """The last sentence first, now and then, where none leans on another."""
        if any(_LEANS_ON_OTHERS.match(s) or not _OPEN.search(s) for s in sentences):
            return sentences
        return [sentences[-1], *sentences[:-1]] if self._rng.random() < 0.5 else sentences

    def _by_cue(self, text: str, cues: Sequence[Cue], end: str = ".") -> str | None:
        """*text* by a wording of the first cue that it fits and that spares every phrase.

        It ends as *text* does, with *end* where that has no mark.
        """
        core = text.rstrip(".!?… ")
        end = text[len(core) :].strip() or end
        for cue in cues:
            found = re.fullmatch(cue.says, core, re.IGNORECASE | re.DOTALL)
            if found is None:
                continue
            wordings = cue.wordings(self._voice.number)
            self._rng.shuffle(wordings)
            for wording in wordings:
                new = _filled(wording, found.groupdict())
                if new is not None and self._kept(text, new) == new:
                    return self._as_sentence(new, end)
        return None

    def _as_sentence(self, text: str, end: str) -> str:
        if self._manner.capitals:
            text = text[0].upper() + text[1:]
        if text[-1] in ".!?…":
            return text
        if self._voice.repeats:
            asks = _ASKS.match(_SENTENCE_END.split(text)[-1]) is not None
            end = "?" if asks or (end == "?" and not self._manner.strict_marks) else "."
        return text + end

    def _with_pairs(self, text: str) -> str:
        for old, new in self._manner.pairs:
            if self._rng.random() < 0.5:
                text = re.sub(rf"(?<![\w']){re.escape(old)}(?![\w'])", new, text)
                text = re.sub(
                    rf"(?<![\w']){re.escape(old.capitalize())}(?![\w'])", new.capitalize(), text
                )
        return text

    def _kept(self, before: str, after: str) -> str:
        """*after*, unless it has other phrases of the ground truth than *before*."""
        same = self._phrases.in_text(before) == self._phrases.in_text(after)
        return after if same else before


class _Said(str):
    """A text that ``{name:l}`` puts inside a sentence: without the capital of its first word."""

    def __format__(self, spec: str) -> str:
        text = str(self)
        word = text.split(" ", 1)[0]
        small = spec == "l" and len(word) > 1 and word[1:] == word[1:].lower()
        return text[0].lower() + text[1:] if small else text


def _filled(wording: str, groups: dict[str, str | None]) -> str | None:
    """*wording* with its groups; what it leaves out is said in front.

    None where it asks for what is not there.  The group ``verb`` stands inside the sentence.
    """
    groups = {name: text and _Said(text) for name, text in groups.items()}
    if groups.get("verb"):
        groups = {**groups, "verb": str(groups["verb"]).lower()}
    used = {name for _, name, _, _ in Formatter().parse(wording) if name}
    if any(groups[name] is None for name in used):
        return None
    left_out = [text for name, text in groups.items() if text is not None and name not in used]
    return " - ".join([*left_out, wording.format(**groups)])
