"""Tombstones: texts that begin by declaring themselves dead ("[SUPERSEDED] …")."""

import re

_TOMBSTONE = re.compile(
    r"^\W*\[?\s*(?:invalidated|superseded|void(?:ed)?|obsolete|retracted|withdrawn|deprecated"
    r"|outdated|no longer valid|revoked)\b(?=[^.]{0,200}[\]:—–-])",
    re.I,
)
"""A text that declares itself dead."""


def declares_itself_dead(text: str) -> bool:
    """Whether *text* says of itself that it no longer holds."""
    return _TOMBSTONE.match(text[:300].lstrip()) is not None
