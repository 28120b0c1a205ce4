"""Drafts: what was only considered, and given back so, before something else was settled.

A user's draft is set aside with the assistant's words on it; which part of it was the choice
shows in what both have.  That it is dead once another is settled is left to ``rulings``.
"""

from collections.abc import Iterable

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.echoes import chosen_part, shared
from car.memgine.dialogue.statements import Statement

REACH = 6
"""Nodes after which a draft is no longer what a decision answers."""


def drafted(new: Statement, back: Iterable[Statement]) -> list[tuple[Statement, tuple[str, ...]]]:
    """The drafts among *back*, newest first, that *new* decides against, each with its choice."""
    echoes: list[Statement] = []
    found: list[tuple[Statement, tuple[str, ...]]] = []
    for old in back:
        if new.node - old.node > REACH:
            break
        if old.node == new.node or old.alive or old.laid or old.has(Cue.QUESTION):
            continue
        if old.voice == "assistant":
            echoes.append(old)
        elif old.voice == "user" and not old.person:
            phrase = _choice(old, echoes)
            if phrase and not set(phrase) <= set(new.terms):
                found.append((old, phrase))
    return found


def _choice(draft: Statement, echoes: list[Statement]) -> tuple[str, ...]:
    """What of *draft* was given back, the longest; empty where nothing was."""
    runs = [
        chosen_part(draft, run, draft.head | echo.head)
        for echo in echoes
        if draft.node < echo.node <= draft.node + 2
        and (run := shared(draft, echo, draft.core, echo.core))
    ]
    return max(runs, key=len, default=())
