"""``<root>/models.json``: the models that users registered.

Official clients read and write this file in place, so it keeps their form: an array of model
schemas with every member.  It is read again for each look, and what a newer client put there
that means nothing to us stays as it is.  All of it blocks, so it is called in a thread.
"""

from pathlib import Path
from threading import Lock

import msgspec
from twisted.logger import Logger

from car.inference.documents import read_document, read_if_possible, write_document
from car.inference.models import ModelSchema
from car.ir.json import JsonObject, RecordError, convert, to_value

_log = Logger()

TRUST = "community"
"""The trust tier of every registration, whatever it says of itself."""

_WHOLE = (
    ("cost", "size_mb"),
    ("cost", "ram_mb"),
    ("performance", "latency_p50_ms"),
    ("performance", "latency_p99_ms"),
)
"""Members that 0.7 clients read as whole numbers: any other makes them drop the file."""


class Registrations:
    """The registrations in the file *path*; without one they are held in memory only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._held: list[JsonObject] = []
        self._lock = Lock()

    def models(self) -> list[ModelSchema]:
        """The registered models; an entry that is none is left out, with a warning."""
        rows = self._held
        if self.path is not None:
            rows = read_if_possible(self.path, list[JsonObject]) or []
        found = []
        for row in rows:
            try:
                found.append(msgspec.structs.replace(convert(row, ModelSchema), trust_tier=TRUST))
            except RecordError as problem:
                _log.warn(
                    "models.json has an entry {id} that is left out: {problem}",
                    id=row.get("id"),
                    problem=str(problem),
                )
        return found

    def add(self, model: ModelSchema, schema: JsonObject) -> None:
        """Keep *model* in place of one with the same id; raises OSError.

        Members of *schema*, what the client sent, that mean nothing to us are kept with it.
        """
        ours: JsonObject = to_value(msgspec.structs.replace(model, trust_tier=TRUST))
        row = _completed(ours, schema)
        for group, member in _WHOLE:
            if row[group][member] is not None:
                row[group][member] = round(row[group][member])
        with self._lock:
            self._write([*self._without(model.id), row])

    def remove(self, model_id: str) -> bool:
        """Forget the model of that id; whether it was there.  Raises OSError."""
        with self._lock:
            kept = self._without(model_id)
            if len(kept) == len(self._read()):
                return False
            self._write(kept)
            return True

    def _without(self, model_id: str) -> list[JsonObject]:
        return [row for row in self._read() if row.get("id") != model_id]

    def _read(self) -> list[JsonObject]:
        if self.path is None:
            return self._held
        return read_document(self.path, list[JsonObject]) or []

    def _write(self, rows: list[JsonObject]) -> None:
        if self.path is None:
            self._held = rows
        else:
            write_document(self.path, rows)


def _completed(ours: JsonObject, theirs: JsonObject) -> JsonObject:
    """*ours*, with the members that only *theirs* has."""
    both = {**theirs, **ours}
    for name, member in both.items():
        if isinstance(member, dict) and isinstance(theirs.get(name), dict):
            both[name] = _completed(member, theirs[name])
    return both
