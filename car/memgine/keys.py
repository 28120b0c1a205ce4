"""Keys: a group that stands as the value of a key, or over a text as its file.

"Access: HR", "may see: HR", "HR // …".  Markers of other forms are left to ``markers``.
"""

from car.memgine.clearances import groups, insiders
from car.memgine.pieces import Piece

LONGEST = 5
"""Words by which a group is called at most."""


def is_key(words: list[str], piece: Piece) -> bool:
    """Whether *words* ask who may know, and *piece* answers: "may see: HR"."""
    if not words or groups(words) or piece.before.strip() not in (":", "="):
        return False
    return not _KEYS.isdisjoint(words) and bool(insiders(piece.words))


def filed_under(found: list[Piece]) -> list[str] | None:
    """The department whose file a text is put in by slashes at its head: "HR // …"."""
    if len(found) < 2 or not found[0].marking or found[0].bracketed:
        return None
    filed = found[0].after.strip() in _FILING and len(found[0].words) <= LONGEST
    return [*found[0].words, "only"] if filed and insiders(found[0].words) else None


_FILING = frozenset({"//", "||", "///", "::"})


def keyed_at_foot(found: list[Piece]) -> list[str] | None:
    """The group that a key before a colon at the foot says may know: "Access: HR"."""
    if len(found) < 3 or found[-1].before.strip() not in (":", "="):
        return None
    key, group = found[-2], found[-1]
    told = key.marking and not _KEYS.isdisjoint(key.words) and not groups(key.words)
    if not told or not group.marking or not insiders(group.words) or len(group.words) > LONGEST:
        return None
    return [*key.words, *group.words, "only"]


_KEY_WORDS = (
    "see seen read know view access rights right allow allowed permit permitted cleared scope"
    " readers reader audience clearance visibility circulation distribution disclosure recipients"
)
_KEYS = frozenset(_KEY_WORDS.split())
