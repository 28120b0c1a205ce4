"""Leases in SQLite: compare-and-set by single statements, the epoch kept after release."""

import sqlite3
from functools import partial

from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.store.database import Database
from car.store.errors import LeaseHeld, LeaseLost
from car.store.interfaces import ILeases
from car.store.records import Lease

_COLUMNS = "name, holder, epoch, expires_at"

_ACQUIRE = f"""INSERT INTO leases VALUES (?1, ?2, 1, now_seconds() + ?3)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, epoch = epoch + 1, expires_at = excluded.expires_at
    WHERE holder IS NULL OR holder = excluded.holder OR expires_at <= now_seconds()
    RETURNING {_COLUMNS}"""

_RENEW = f"""UPDATE leases SET expires_at = now_seconds() + ?
    WHERE name = ? AND holder = ? AND epoch = ? RETURNING {_COLUMNS}"""

_RELEASE = f"""UPDATE leases SET holder = NULL
    WHERE name = ? AND holder = ? AND epoch = ? RETURNING {_COLUMNS}"""

_GET = f"SELECT {_COLUMNS} FROM leases WHERE name = ?"

_IN_FORCE = f"{_GET} AND holder IS NOT NULL AND expires_at > now_seconds()"


@implementer(ILeases)
class SqliteLeases:
    """The table ``leases`` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, ttl: float) -> "Deferred[Lease]":
        """As ILeases has it."""
        return self._database.run(partial(_acquire, name, holder, ttl))

    def renew(self, lease: Lease, ttl: float) -> "Deferred[Lease]":
        """As ILeases has it."""
        return self._database.run(partial(_renew, lease, ttl))

    def release(self, lease: Lease) -> "Deferred[None]":
        """As ILeases has it."""
        return self._database.run(partial(_release, lease))

    def status(self, name: str) -> "Deferred[Lease | None]":
        """As ILeases has it."""
        return self._database.run(partial(_status, name))


def _acquire(name: str, holder: str, ttl: float, connection: sqlite3.Connection) -> Lease:
    rows = connection.execute(_ACQUIRE, (name, holder, ttl)).fetchall()
    if not rows:
        raise LeaseHeld(Lease(*connection.execute(_GET, (name,)).fetchone()))
    return Lease(*rows[0])


def _renew(lease: Lease, ttl: float, connection: sqlite3.Connection) -> Lease:
    rows = connection.execute(_RENEW, (ttl, lease.name, lease.holder, lease.epoch)).fetchall()
    if not rows:
        raise _lost(lease)
    return Lease(*rows[0])


def _release(lease: Lease, connection: sqlite3.Connection) -> None:
    if not connection.execute(_RELEASE, (lease.name, lease.holder, lease.epoch)).fetchall():
        raise _lost(lease)


def _status(name: str, connection: sqlite3.Connection) -> Lease | None:
    found = connection.execute(_IN_FORCE, (name,)).fetchone()
    return None if found is None else Lease(*found)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        f"Lost: '{lease.holder}' does not hold the lease '{lease.name}' under epoch "
        f"{lease.epoch}; acquire it again"
    )
