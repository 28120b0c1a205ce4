"""Wordings: what may be said in place of what, and in which manner.

``rewordings.toml`` has two sets of its own, a polite and a casual one, that share nothing: they
say sentences and parts of sentences differently.  The paraphrases (``wordings_k.toml``,
``_l``, ``_m``) say whole turns differently, each turn that follows a template of
``templates.toml``, in the plain English of three writers.  None of the writers had seen the rules
of the engine that is judged.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
PARAPHRASES = ("k", "l", "m")

MARKS = {
    "restricted": r"\[restricted: (?P<why>.+?) restricted to (?P<who>.+?)\]\s*(?P<x>.+)",
    "scope": r"\[scope: (?P<s>.+?)\]\s*(?P<x>.+)",
    "invalidated": (
        r"\[invalidated - was based on wrong data: (?P<y>.+?)\] original conclusion: (?P<x>.+)"
    ),
}
"""Marks before facts that a paraphrase words anew."""


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
    capitals: bool = True
    """Whether sentences begin with one."""
    strict_marks: bool = False
    """Whether only what has the form of a question ends as one."""
    ranked: Sequence[str] = ()
    """Forms of a fact that names its speaker and the speaker's rank."""
    ranks: Mapping[str, str] = {}
    """What the ranks are called."""


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
    capitals=False,
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


class Voice(msgspec.Struct, frozen=True):
    """One set of wordings with its manner; *number* is its place in the cues.

    *repeats* says that a fact that repeats a turn is told in the turn's new words.
    """

    wordings: Wordings
    number: int
    manner: Manner
    repeats: bool = False


def load_voice(number: int) -> Voice:
    """The polite set, 0, or the casual one, 1."""
    wordings = msgspec.convert(_toml("rewordings"), Wordings)
    return Voice(wordings, number, (POLITE, CASUAL)[number])


def load_paraphrase(name: str) -> Voice:
    """One of ``PARAPHRASES``."""
    given = _toml(f"wordings_{name}")
    turns, marks = given["turns"], given["marks"]
    wordings = Wordings(
        cue=[
            Cue(_pattern(template), turns[key], turns[key], whole=True)
            for key, template in _toml("templates").items()
        ],
        mark=[Cue(says, marks[key], marks[key]) for key, says in MARKS.items()],
        form=[],
    )
    return Voice(wordings, 0, msgspec.convert(given["manner"], Manner), repeats=True)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))


def _pattern(template: str) -> str:
    """A regular expression for a template; what ``{_}`` stands for is dropped."""
    parts = re.split(r"\{(\w+)\}", template)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [".+?" if name == "_" else f"(?P<{name}>.+?)" for name in parts[1::2]]
    return "".join(parts)
