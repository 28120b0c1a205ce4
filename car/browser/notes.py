"""What happened in the browser during a step beside what was asked for.

A step's ``data`` gets it as ``dialogs``, ``downloads``, ``opened_tab``, ``tabs_refused``,
``closed_tabs``, ``file_chooser``, ``navigated_to``, ``failed_to_load``, ``asked_outside`` and
``still_loading``, each only where there is something.
"""

from car.ir.json import JsonObject

MOST_NOTED = 20
"""Entries of one kind that are told; more happened, but nobody reads them [ours]."""


class Notes:
    """Gathers until taken."""

    def __init__(self) -> None:
        self._noted: JsonObject = {}

    def add(self, kind: str, entry: JsonObject) -> None:
        """Add to a list."""
        entries = self._noted.setdefault(kind, [])
        if len(entries) < MOST_NOTED:
            entries.append(entry)

    def count(self, kind: str) -> None:
        """Count one more."""
        self._noted[kind] = self._noted.get(kind, 0) + 1

    def put(self, kind: str, value: object) -> None:
        """Say so once."""
        self._noted[kind] = value

    def take(self) -> JsonObject:
        """All since the last time."""
        noted, self._noted = self._noted, {}
        return noted
