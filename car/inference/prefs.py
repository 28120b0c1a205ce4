"""What the user wants of model updates, and which suggestions are not to come again.

Kept in ``<root>/models/prefs.json``.
"""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from twisted.internet.defer import DeferredLock

from car.inference.documents import read_if_possible, write_document
from car.inference.errors import InvalidRequest
from car.inference.interfaces import InThread

LONGEST_KEY = 500
"""The longest key of a dismissed suggestion, in characters [ours]."""

MOST_DISMISSED = 1_000
"""How many dismissed suggestions are remembered [ours]; past that the oldest is forgotten."""


class UpdatePrefs(Struct, frozen=True):
    """How models are brought up to date; ``disk_budget_mb`` None is no limit."""

    channel: Literal["stable", "latest"] = "stable"
    policy: Literal["auto", "notify", "off"] = "notify"
    disk_budget_mb: int | None = None
    keep_old_until_verified: bool = True


class PrefsChange(Struct, frozen=True):
    """The members of UpdatePrefs to change; a ``disk_budget_mb`` of 0 lifts the limit."""

    channel: Literal["stable", "latest"] | None = None
    policy: Literal["auto", "notify", "off"] | None = None
    disk_budget_mb: int | None = None
    keep_old_until_verified: bool | None = None


class _Kept(Struct, frozen=True):
    prefs: UpdatePrefs = UpdatePrefs()
    dismissed: list[str] = []


class Prefs:
    """The preferences in the file *path*; without one they are held in memory only."""

    def __init__(self, path: Path | None, in_thread: InThread) -> None:
        self._path = path
        self._in_thread = in_thread
        self._kept = _Kept()
        self._saving = DeferredLock()

    async def load(self) -> None:
        """Read what was saved."""
        if self._path is not None:
            self._kept = await self._in_thread(read_if_possible, self._path, _Kept) or _Kept()

    @property
    def update(self) -> UpdatePrefs:
        """The preferences in force."""
        return self._kept.prefs

    def is_dismissed(self, key: str) -> bool:
        """Whether the suggestion *key* is not to come again."""
        return key in self._kept.dismissed

    async def change(self, change: PrefsChange) -> UpdatePrefs:
        """Change what *change* names; the preferences as they then are.

        Raises InvalidRequest for a negative budget, or when they cannot be kept.
        """
        members = {
            name: value
            for name in change.__struct_fields__
            if (value := getattr(change, name)) is not None
        }
        budget = members.get("disk_budget_mb")
        if budget is not None:
            if budget < 0:
                raise InvalidRequest("disk_budget_mb: expected megabytes, or 0 for no limit")
            members["disk_budget_mb"] = budget or None
        prefs = msgspec.structs.replace(self._kept.prefs, **members)
        await self._keep(msgspec.structs.replace(self._kept, prefs=prefs))
        return prefs

    async def dismiss(self, key: str) -> None:
        """Let the suggestion *key* not come again; raises InvalidRequest."""
        if not key or len(key) > LONGEST_KEY:
            raise InvalidRequest(f"dismiss_key: expected 1 to {LONGEST_KEY} characters")
        others = [other for other in self._kept.dismissed if other != key]
        dismissed = [*others, key][-MOST_DISMISSED:]
        await self._keep(msgspec.structs.replace(self._kept, dismissed=dismissed))

    async def _keep(self, kept: _Kept) -> None:
        self._kept = kept
        if self._path is not None:
            try:
                await self._saving.run(self._in_thread, write_document, self._path, kept)
            except OSError as problem:
                raise InvalidRequest(
                    f"the preferences hold until the daemon ends, but were not written: "
                    f"{self._path}: {problem.strerror}"
                ) from None
