"""Numbered migrations: what each kind of database holds, version by version.

A version is a tuple of statements; a database is brought from the version it has to the
last one in one transaction.  A version that was once released is never edited.
"""

import sqlite3
from typing import NamedTuple

from car.store.errors import NewerSchema, StoreUnavailable


class Schema(NamedTuple):
    """One kind of database.  *application_id* tells its files from other SQLite files."""

    application_id: int
    versions: tuple[tuple[str, ...], ...]


STATE = Schema(
    0x43615253,  # "CaRS"
    (
        (
            """CREATE TABLE state (
                kind TEXT NOT NULL,
                key TEXT NOT NULL,
                version INTEGER NOT NULL,
                value TEXT NOT NULL,
                updated_at REAL NOT NULL,
                PRIMARY KEY (kind, key)
            ) WITHOUT ROWID""",
            """CREATE TABLE leases (
                name TEXT NOT NULL PRIMARY KEY,
                holder TEXT,
                epoch INTEGER NOT NULL,
                expires_at REAL NOT NULL
            ) WITHOUT ROWID""",
        ),
    ),
)
"""``<root>/car.db``.  A lease without a holder was released; it stays for its epoch."""

MEMORY = Schema(
    0x4361524D,  # "CaRM"
    (
        (
            "CREATE TABLE rows (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
            "CREATE TABLE head (seq INTEGER NOT NULL)",
            "INSERT INTO head VALUES (0)",
        ),
    ),
)
"""The file of one memory graph; ``head`` counts its changes."""


def migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring a database, which may be empty, to the last version of *schema*.

    The writer's lock is taken first, so that of two processes one migrates and the other
    finds it done.  Raises NewerSchema, and StoreUnavailable for a file of another kind.
    """
    newest = len(schema.versions)
    if _pragma(connection, "user_version") == newest:
        _check_kind(connection, schema)
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _pragma(connection, "user_version")
    if version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        _check_kind(connection, schema)
    if version > newest:
        raise NewerSchema(
            f"the store has schema version {version}, and this version of the daemon knows "
            f"up to {newest}; use the daemon that wrote it or a newer one"
        )
    for statements in schema.versions[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.application_id}")
    connection.execute(f"PRAGMA user_version = {newest}")
    connection.execute("COMMIT")


def _check_kind(connection: sqlite3.Connection, schema: Schema) -> None:
    if _pragma(connection, "application_id") != schema.application_id:
        raise StoreUnavailable("the store's file is a database of another kind; it is left alone")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
