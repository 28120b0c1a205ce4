"""Markers: the part of a text that says who may read it, and where such a part may stand.

A marker is a run of words that do nothing but call a group, draw a line and speak of knowing
(``clearances``), at the head or the foot and set off from the rest.  Beside it may stand what the
text is about, or why.  What rank a marker asks is left to ``authority``.
"""

from car.memgine.brackets import bracket_at_foot, bracket_at_head, bracketed
from car.memgine.clearances import (
    MATTERS,
    asks,
    denies,
    draws,
    groups,
    insiders,
    is_secret,
    limits,
    may_be_marked,
    narrates,
    speaks_of_information,
    tells,
)
from car.memgine.keys import filed_under, is_key, keyed_at_foot
from car.memgine.pieces import CLOSING, Piece, pieces
from car.memgine.provisos import proviso

READ = 240
"""Characters of a text's head, and of its foot, in which a marker is looked for."""

LABEL = 12
"""Words that may stand beside a marker to say what it is about."""

_LOCKS = "\U0001f510\U0001f512"
"""The pictures of a lock."""

_INTRODUCING = frozenset({"that", "about", "of", "how", "why", "what", "whether"})
"""What joins a marker to the text itself: "only HR may know that …"."""

_PLACING = frozenset({"for", "to", "by", "with", "within", "in", "at", "from", "outside", "beyond"})
_JOINING = frozenset({"so", "but", "and", "thus", "hence", "for", "which", "only", "restricted"})
LEAST = 3
"""Words that a marker at the foot, set off by a comma or stop alone, has more than."""


def marker(text: str) -> list[str] | None:
    """The words of the marker at the head or foot of *text*, folded; None without one."""
    foot = max(0, len(text) - READ)
    if not may_be_marked(text[:READ]) and not (foot and may_be_marked(text[foot:])):
        return None
    if text.lstrip()[:1] in _LOCKS and text.strip():
        head = _at_head(pieces(text, 0, READ))
        return head or ["secret"]
    found = pieces(text, 0, READ)
    told = _at_head(found) or bracketed(bracket_at_head(found)) or filed_under(found)
    if told is None:
        found = pieces(text, foot, len(text)) if foot else found
        told = _at_foot(found) or bracketed(bracket_at_foot(found)) or keyed_at_foot(found)
    return told or proviso(found)


# ---- at the head -----------------------------------------------------------------------------


def _at_head(found: list[Piece]) -> list[str] | None:
    """The longest marker in the label that *found* begins with; something has to follow it."""
    best: list[str] | None = None
    size, labelled, words = 0, False, list[str]()
    for number, piece in enumerate(found):
        last = number == len(found) - 1
        size += len(piece.words)
        if size > 2 * LABEL and not last:
            break
        if _ends_label(found, number) and not asks(words):
            words = []
        if piece.marking and not last:
            kept = is_key(words, piece) or _is_beside(found, number)
            words = [*words, *piece.words, *["only"] * kept]
            if _counts(words, piece, labelled) and _is_set_off(words, number, found):
                best = words
            continue
        introduced = _introduced(piece)
        if introduced is not None and not labelled:
            return best or introduced
        if last:
            break
        if best is not None and _is_after(piece, found[0]):
            break
        told = _telling_run(piece)
        if told is not None and _is_set_off(told, number, found):
            best = told
        elif is_secret(words) and piece.bracketed:
            named = [run for run in piece.runs if groups(run)]
            best = words + named[-1] if named else best
        short = len(piece.words) <= LABEL and piece.closed == "firm"
        if labelled or not (short or piece.closed == "pause"):
            break
        labelled, words = True, words if is_secret(words) else []
    return best


def _is_beside(found: list[Piece], number: int) -> bool:
    """Whether ``found[number]`` is a group set off beside a matter: "pay data (HR): …"."""
    piece = found[number]
    if number != 1 or (piece.opened, piece.closed) != ("firm", "firm"):
        return False
    matter = found[0]
    told = not MATTERS.isdisjoint(matter.words) and not matter.named and not groups(matter.words)
    return told and bool(insiders(piece.words)) and len(piece.words) <= LEAST


def _ends_label(found: list[Piece], number: int) -> bool:
    """Whether what stands before ``found[number]`` is a sentence, or brackets, of its own."""
    return found[number].opened == "stop" or not CLOSING.isdisjoint(found[number].before)


def _is_after(piece: Piece, first: Piece) -> bool:
    """Whether *piece* comes after the label that *first* begins, rather than in it."""
    if first.bracketed:
        return not CLOSING.isdisjoint(piece.before)
    return piece.opened != "pause" and not piece.bracketed


def _counts(words: list[str], piece: Piece, labelled: bool) -> bool:
    """Whether *words*, which end with *piece*, are a marker where they stand."""
    if not asks(words):
        return False
    if labelled:
        return limits(words) and (speaks_of_information(words) or piece.closed == "firm")
    return True


def _is_set_off(words: list[str], number: int, found: list[Piece]) -> bool:
    """Whether a marker that ends with ``found[number]`` is one; a few words may follow it."""
    if not found[0].bracketed and not _draws_line(words):
        return False
    size = 0
    for at in range(number, len(found) - 1):
        size += len(found[at].words) * (at > number)
        if size > LABEL:
            return False
        if found[at].closed == "firm":
            return True
        if at == number and (
            words[-1] == "else" or (tells(words) and found[at + 1].words[0] == "but")
        ):
            return True
        if found[at].closed == "stop":
            told = speaks_of_information(words) and (at == number or limits(words))
            return told or _is_said(words) or _is_bare(words, _OFTEN)
    return False


def _introduced(piece: Piece) -> list[str] | None:
    """The marker that *piece* begins with, where a word joins it to the text."""
    if not piece.runs or piece.runs[0] != piece.words[: len(piece.runs[0])]:
        return None
    run = piece.runs[0]
    for at in range(len(run) - 1, 1, -1):
        if run[at] in _INTRODUCING and tells(run[:at]):
            return run[:at]
    return None


def _telling_run(piece: Piece) -> list[str] | None:
    """The last run in *piece* that is plainly about who may know, among other words."""
    found = [run for run in piece.runs if tells(run)]
    told = piece.words[0] in _NARRATING and piece.words[1:2] not in _HOPING
    return found[-1] if found and not told else None


_NARRATING = frozenset({"i", "we", "he", "she", "they"})
_HOPES = "trust hope ask expect rely assume beg request"
_HOPING = [[word] for word in _HOPES.split()]


# ---- at the foot -----------------------------------------------------------------------------


def _at_foot(found: list[Piece]) -> list[str] | None:
    """The marker at the foot of *found*; only a few words may follow it."""
    follow = 0
    run: list[str] = []
    following: Piece | None = None
    for piece in reversed(found[1:]):
        if not piece.marking:
            told = _telling_run(piece)
            near = follow + len(run) <= LABEL and len(piece.words) <= 2 * LABEL
            if told is not None and near and piece.opened in ("firm", "stop"):
                return told
            follow += len(run) + len(piece.words)
            run = []
        elif groups(piece.words) and not run and _signs(piece):
            follow += len(piece.words)
            continue
        elif following is not None and _parts_from(piece, following):
            follow += len(run)
            run = piece.words
        else:
            run = piece.words + run
        following = piece
        if follow > LABEL:
            break
        if piece.marking and _is_marker(run, piece):
            return run
    return None


def _parts_from(piece: Piece, following: Piece) -> bool:
    """Whether *piece* ends a sentence, or brackets, of its own before *following*."""
    if following.opened == "stop":
        return not is_secret(piece.words)
    return not CLOSING.isdisjoint(following.before)


def _signs(piece: Piece) -> bool:
    """Whether *piece*, the last one, only names somebody, after a dash or in brackets."""
    return not (limits(piece.words) or denies(piece.words)) and ":" not in piece.before


def _is_marker(run: list[str], first: Piece) -> bool:
    """Whether *run*, which *first* begins, asks something, and is set off or speaks of knowing."""
    if not asks(run):
        return False
    if first.bracketed:
        return _draws_line(run)
    if first.opened == "firm":
        return speaks_of_information(run) or limits(run)
    if first.opened == "stop" and (_is_said(run) or _is_bare(run, _OFTEN)):
        return True
    joined = limits(run) and (run[0] in _JOINING or run[-1] == "only")
    told = speaks_of_information(run) and len(run) > LEAST and not narrates(run)
    return joined or told


# ---- words -----------------------------------------------------------------------------------


def _draws_line(words: list[str]) -> bool:
    if _is_bare(words) or limits(words) or speaks_of_information(words):
        return True
    kept_out = not insiders(words) and not _PLACING.isdisjoint(words)
    return kept_out and asks(words)


def _is_bare(words: list[str], often: frozenset[str] = frozenset()) -> bool:
    """Whether *words* only call a group, and say that it is for them alone: "strictly HR".

    One of *often* in front does not say so.
    """
    own = [word for word in words if word not in _POLITE]
    if not own or len(own) > LEAST + 2:
        return False
    if own[0] not in _ALONE - often and own[-1] not in _ALONE:
        return False
    rest = [word for word in own if word not in _ALONE]
    return bool(rest) and bool(insiders(rest)) and not (denies(rest) or speaks_of_information(rest))


_ALONE = frozenset(
    {"only", "alone", "solely", "exclusively", "strictly", "just", "purely", "internal", "private"}
)
_OFTEN = frozenset({"only", "just", "alone"})
"""What in front of a group says of how many, not for whom: "Only HR. The rest can go"."""

_POLITE = frozenset({"please", "pls", "the", "for", "to", "kindly", "eyes"})


def _is_said(words: list[str]) -> bool:
    """Whether *words* are a whole sentence of drawing a line: "This is for HR only"."""
    return draws(words) and bool(groups(words)) and not _PLACING.isdisjoint(words)
