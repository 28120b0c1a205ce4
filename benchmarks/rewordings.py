"""A reworded copy of a memory-benchmark file: the same stories in other people's words.

    python benchmarks/rewordings.py IN.jsonl OUT.jsonl [--seed N]

Names and dates move (``renaming``), turns are said differently: cues, fillers, politeness,
order of sentences, capitals, contractions.  Odd seeds speak the second set of wordings of
``rewordings.toml``, even ones the first; the two share nothing.  The rules were written without
looking at those of the engine they judge.

What the ground truth asks for is never touched: no rewording of a turn adds or removes a phrase
that an answer must or must not mention.
"""

import argparse
import json
import random
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from benchmarks.renaming import Story, moved, texts

WORDINGS = Path(__file__).with_name("rewordings.toml")

ATTEMPTS = 20
"""How often new names are drawn for a timeline whose phrases they would disturb."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=\S)")
_TITLE = re.compile(r"\[(?P<n>[A-Z][\w ]*)\] (?P<x>.+)", re.DOTALL)
_SPEAKER = re.compile(r"\[?(?P<n>[A-Z][\w ]*?) \((?P<r>[^()]+)\)\]?: (?P<x>.+)", re.DOTALL)
_LEANS_ON_OTHERS = re.compile(
    r"(?:it|that|this|they|he|she|but|then|so|and|anyway|still|also|same|make|no|if|because|please"
    r"|you|what|who|which|when|actually|later|now)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(r"[a-z]")


class Manner(msgspec.Struct, frozen=True):
    """How one set of wordings behaves beside its cues; shares are of turns."""

    openings: Sequence[str]
    endings: Sequence[str]
    asking: Sequence[str]
    speakers: Sequence[str]
    titles: Sequence[str]
    pairs: Sequence[tuple[str, str]]
    """Pairs of what is replaced by what: a contraction, or a word by its like."""
    small_letters: float
    chatter: float


POLITE = Manner(
    openings=(
        "Good morning.",
        "Hello.",
        "If I may:",
        "One thing, please.",
        "Thank you for listening.",
        "I have something to tell you.",
        "With your permission:",
    ),
    endings=("Thank you.", "I hope that is all right.", "Kind regards.", "Many thanks."),
    asking=("Please tell me: {x}", "I should like to know: {x}", "May I ask? {x}", "{x}"),
    speakers=("[{n}, {r}] {x}", "{n} ({r}) said: {x}", "From {n}, {r}: {x}"),
    titles=("({n}) {x}", "{n}: {x}", "The {n} said: {x}"),
    pairs=(
        ("I'm", "I am"), ("we're", "we are"), ("we'll", "we will"), ("it's", "it is"),
        ("don't", "do not"), ("can't", "cannot"), ("let's", "let us"), ("that's", "that is"),
        ("what's", "what is"), ("haven't", "have not"), ("wasn't", "was not"),
        ("didn't", "did not"),
        ("I'd", "I would"), ("they're", "they are"), ("you've", "you have"), ("I've", "I have"),
        ("need", "require"), ("get", "obtain"), ("ask", "enquire of"), ("big", "considerable"),
        ("make sure", "ensure"), ("send out", "distribute"), ("everyone", "all concerned"),
    ),
    small_letters=0.0,
    chatter=0.3,
)  # fmt: skip
CASUAL = Manner(
    openings=("hey,", "ok so,", "um,", "morning!", "quick thing:", "so yeah,", "hi again -"),
    endings=("thx", "cheers!", "ok?", "👍", "that's all", "let me know"),
    asking=("quick q: {x}", "hey, {x}", "{x} pls", "remind me, {x}", "{x}"),
    speakers=("{n} / {r}: {x}", "<{n} - {r}> {x}", "{n} ({r}) here. {x}"),
    titles=("<{n}> {x}", "{n} / {x}", "{n} here. {x}"),
    pairs=(
        ("I am", "I'm"), ("we are", "we're"), ("it is", "it's"), ("do not", "don't"),
        ("cannot", "can't"), ("that is", "that's"), ("what is", "what's"), ("going to", "gonna"),
        ("because", "cause"), ("and", "&"), ("you", "u"), ("people", "ppl"), ("please", "pls"),
        ("everyone", "everybody"), ("right away", "asap"), ("make sure", "be sure"),
    ),
    small_letters=0.4,
    chatter=0.4,
)  # fmt: skip


class Cue(msgspec.Struct, frozen=True):
    """A form that sentences have, and what may be said in its place; ``{name}`` is a group."""

    says: str
    first: str
    second: str
    whole: bool = False

    def wordings(self, number: int) -> list[str]:
        """Those of set 0 or 1."""
        return (self.first, self.second)[number].strip().splitlines()


class Wordings(msgspec.Struct, frozen=True):
    """``rewordings.toml``."""

    cue: list[Cue]
    mark: list[Cue]
    form: list[Cue]


def load_wordings(path: Path = WORDINGS) -> Wordings:
    """The cues of a file."""
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Wordings)


# ---- what must stay ----------------------------------------------------------------------------


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


# ---- turns -------------------------------------------------------------------------------------


class Reworder:
    """Says the turns of one timeline in other words: those of set *number*, 0 or 1."""

    def __init__(self, wordings: Wordings, number: int, phrases: Phrases, rng: random.Random):
        self._wordings = wordings
        self._number = number
        self._manner = (POLITE, CASUAL)[number]
        self._phrases = phrases
        self._rng = rng

    def turn(self, text: str) -> str:
        """A speaker's turn."""
        for pattern, forms in (
            (_SPEAKER, self._manner.speakers),
            (_TITLE, self._manner.titles),
        ):
            found = pattern.fullmatch(text)
            if found is not None:
                parts = {**found.groupdict(), "x": self._said(found["x"])}
                return self._kept(text, self._rng.choice(forms).format(**parts))
        return self._said(text)

    def mark(self, text: str) -> str:
        """A structured text, of which only the mark in front is said differently."""
        return self._by_cue(text, self._wordings.mark, end="") or text

    def question(self, text: str) -> str:
        """What is asked at the end."""
        return self._rng.choice(self._manner.asking).format(x=text)

    def _said(self, text: str) -> str:
        whole = self._by_cue(text, [cue for cue in self._wordings.cue if cue.whole])
        new = whole or " ".join(self._sentences(_SENTENCE_END.split(text)))
        new = self._kept(new, self._with_pairs(new))
        if self._rng.random() < self._manner.chatter:
            new = self._kept(new, f"{self._rng.choice(self._manner.openings)} {new}")
        if self._rng.random() < self._manner.chatter / 2:
            end = "" if new[-1] in ".!?…" else "."
            new = self._kept(new, f"{new}{end} {self._rng.choice(self._manner.endings)}")
        if self._rng.random() < self._manner.small_letters:
            new = new.lower().rstrip(".")
        return new

    def _sentences(self, sentences: list[str]) -> Iterator[str]:
        cues = [cue for cue in (*self._wordings.cue, *self._wordings.form) if not cue.whole]
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
            wordings = cue.wordings(self._number)
            self._rng.shuffle(wordings)
            for wording in wordings:
                new = _filled(wording, found.groupdict())
                if new is not None and self._kept(text, new) == new:
                    return self._as_sentence(new, end)
        return None

    def _as_sentence(self, text: str, end: str) -> str:
        if self._number == 0:
            text = text[0].upper() + text[1:]
        return text if text[-1] in ".!?…" else text + end

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


def _filled(wording: str, groups: dict[str, str | None]) -> str | None:
    """*wording* with its groups; what it leaves out is said in front.

    None where it asks for what is not there.  The group ``verb`` stands inside the sentence.
    """
    if groups.get("verb"):
        groups = {**groups, "verb": str(groups["verb"]).lower()}
    used = {name for _, name, _, _ in Formatter().parse(wording) if name}
    if any(groups[name] is None for name in used):
        return None
    left_out = [text for name, text in groups.items() if text is not None and name not in used]
    return " - ".join([*left_out, wording.format(**groups)])


# ---- timelines ---------------------------------------------------------------------------------


def reworded(timeline: Story, wordings: Wordings, seed: int) -> Story:
    """*timeline* in other words, the same for the same *seed*.

    Raises ValueError where no choice of names leaves its phrases as they were.
    """
    before = Phrases(timeline).in_text(told(timeline))
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{seed} {attempt} {timeline['id']}")
        new = moved(timeline, rng)
        phrases = Phrases(new)
        if phrases.in_text(told(new)) != before:
            continue
        _reword(new, Reworder(wordings, seed % 2, phrases, rng))
        if phrases.in_text(told(new)) == before:
            return new
    raise ValueError(f"{timeline['id']}: no renaming leaves the phrases of its ground truth alone")


def _reword(timeline: Story, reworder: Reworder) -> None:
    """Say what is said in *timeline* differently, in place."""
    state = timeline["initial_state"]
    for fact in state["persistent_facts"]:
        fact["value"] = _marked(fact["value"], reworder)
    for item in state.get("working_set") or []:
        if item.get("content"):
            item["content"] = reworder.mark(item["content"])
    for event in timeline["events"]:
        if event["type"] == "conversation_turn":
            event["text"] = reworder.turn(event["text"])
        elif event["type"] == "query":
            event["prompt"] = reworder.question(event["prompt"])
        else:
            for write in event["writes"]:
                write["value"] = _marked(write["value"], reworder)


def _marked(value: Any, reworder: Reworder) -> Any:
    return reworder.mark(value) if isinstance(value, str) else value


def main(argv: Sequence[str] | None = None) -> None:
    """Reword a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="odd ones speak the second set")
    options = parser.parse_args(argv)
    wordings = load_wordings()
    turns = same = 0
    with options.target.open("w", encoding="utf-8") as target:
        for line in options.source.read_text("utf-8").splitlines():
            old = json.loads(line)
            new = reworded(old, wordings, options.seed)
            target.write(json.dumps(new, ensure_ascii=False) + "\n")
            for before, after in zip(old["events"], new["events"], strict=True):
                turns += before["type"] == "conversation_turn"
                same += "text" in before and before["text"] == after["text"]
    print(f"{turns} turns, {same} of them as they were")


if __name__ == "__main__":
    main(sys.argv[1:])
