"""State rows in SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.ir.json import JsonObject, JsonValue, encode, same
from car.store.database import Database
from car.store.errors import StaleVersion
from car.store.interfaces import IStateStore
from car.store.records import Delete, Kind, Operation, Put, Row

_INSERT = """INSERT INTO state VALUES (?, ?, 1, ?, now_seconds())
    ON CONFLICT DO NOTHING RETURNING version"""

_UPDATE = """UPDATE state SET value = ?, version = version + 1, updated_at = now_seconds()
    WHERE kind = ? AND key = ? AND version = ? RETURNING version"""

_DELETE = "DELETE FROM state WHERE kind = ? AND key = ? AND version = ? RETURNING 0"

_GET = "SELECT version, value, updated_at FROM state WHERE kind = ? AND key = ?"

_QUERY = """SELECT key, version, value, updated_at FROM state
    WHERE kind = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3) AND (?4 = '' OR key > ?4)
    ORDER BY key"""

_decode_value = msgspec.json.Decoder(JsonObject).decode


@implementer(IStateStore)
class SqliteStateStore:
    """The table ``state`` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: Kind, key: str) -> "Deferred[Row | None]":
        """As IStateStore has it."""
        return self._database.run(partial(_get, kind, key))

    def put_if(self, kind: Kind, key: str, value: JsonObject, version: int) -> "Deferred[int]":
        """As IStateStore has it."""
        return self.transact([Put(kind, key, value, version)]).addCallback(_first)

    def delete_if(self, kind: Kind, key: str, version: int) -> "Deferred[None]":
        """As IStateStore has it."""
        return self.transact([Delete(kind, key, version)]).addCallback(_nothing)

    def query(
        self,
        kind: Kind,
        prefix: str = "",
        where: Mapping[str, JsonValue] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> "Deferred[list[Row]]":
        """As IStateStore has it."""
        return self._database.run(partial(_query, kind, prefix, where or {}, after, limit))

    def transact(self, operations: Sequence[Operation]) -> "Deferred[list[int]]":
        """As IStateStore has it."""
        return self._database.run(partial(_transact, operations))


def _get(kind: Kind, key: str, connection: sqlite3.Connection) -> Row | None:
    found = connection.execute(_GET, (kind, key)).fetchone()
    if found is None:
        return None
    version, value, updated_at = found
    return Row(kind, key, version, _decode_value(value), updated_at)


def _query(
    kind: Kind,
    prefix: str,
    where: Mapping[str, JsonValue],
    after: str,
    limit: int,
    connection: sqlite3.Connection,
) -> list[Row]:
    rows: list[Row] = []
    cursor = connection.execute(_QUERY, (kind, prefix, _after_all(prefix), after))
    for key, version, text, updated_at in cursor:
        if len(rows) >= limit:
            break
        value = _decode_value(text)
        if all(name in value and same(value[name], wanted) for name, wanted in where.items()):
            rows.append(Row(kind, key, version, value, updated_at))
    cursor.close()
    return rows


def _transact(operations: Sequence[Operation], connection: sqlite3.Connection) -> list[int]:
    return [_apply(operation, connection) for operation in operations]


def _apply(operation: Operation, connection: sqlite3.Connection) -> int:
    """The new version; raises StaleVersion."""
    kind, key, version = operation.kind, operation.key, operation.version
    if isinstance(operation, Delete):
        cursor = connection.execute(_DELETE, (kind, key, version))
    else:
        text = encode(operation.value).decode()
        if version == 0:
            cursor = connection.execute(_INSERT, (kind, key, text))
        else:
            cursor = connection.execute(_UPDATE, (text, kind, key, version))
    changed = cursor.fetchall()
    if not changed:
        believed = f"at version {version}" if version else "absent"
        raise StaleVersion(f"the {kind} '{key}' is not {believed}; read it again")
    new_version: int = changed[0][0]
    return new_version


def _after_all(prefix: str) -> str | None:
    """The first text after all those that begin with *prefix*; None where there is none."""
    while prefix:
        code = ord(prefix[-1]) + 1
        if code <= 0x10FFFF:
            # Surrogates are no characters, and cannot be stored.
            return prefix[:-1] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)
        prefix = prefix[:-1]
    return None


def _first(versions: list[int]) -> int:
    return versions[0]


def _nothing(_: object) -> None:
    return None
