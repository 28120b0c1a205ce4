"""What every store does, whatever carries it (``scaleout.md``, The interfaces, exactly).

``car.testing.store`` holds the suite that defines each interface.  A call that the store
cannot carry out fails with StoreUnavailable and has changed nothing.  Cancelling a call
gives up its answer, not the change: that may still be made.
"""

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred
from zope.interface import Interface

from car.ir.json import JsonObject, JsonValue
from car.memgine.graph import Change
from car.store.records import Kind, Lease, Operation, Row


class IStateStore(Interface):
    """Rows by kind and key, each with a version; every Deferred fires once committed."""

    def get(kind: Kind, key: str) -> Deferred[Row | None]:
        """Fires with the row, None where there is none."""

    def put_if(kind: Kind, key: str, value: JsonObject, version: int) -> Deferred[int]:
        """Write the row if it is at *version*, 0 if it must not exist; fires with the new version.

        Fails with StaleVersion at any other version, and nothing has changed.
        """

    def delete_if(kind: Kind, key: str, version: int) -> Deferred[None]:
        """Remove the row if it is at *version*; fails with StaleVersion at any other."""

    def query(
        kind: Kind,
        prefix: str = "",
        where: Mapping[str, JsonValue] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Deferred[list[Row]]:
        """Fires with up to *limit* rows in the order of their keys (by code point).

        Those whose key begins with *prefix*, comes after *after*, and whose value has every
        member of *where*; ``1``, ``1.0`` and ``true`` are three values.
        """

    def transact(operations: Sequence[Operation]) -> Deferred[list[int]]:
        """Do all of *operations*, in order, or none; fires with the new versions.

        The version of a row that was deleted is 0.  Fails with StaleVersion where one of
        them does not apply.
        """


class ILeases(Interface):
    """Leases by name.  The store's clock decides expiry, never that of a holder."""

    def acquire(name: str, holder: str, ttl: float) -> Deferred[Lease]:
        """Take a lease for *ttl* seconds; fails with LeaseHeld while another holder has it.

        A holder that has it already gets it anew: under a new epoch, so that what it began
        under the old one is fenced off.
        """

    def renew(lease: Lease, ttl: float) -> Deferred[Lease]:
        """Keep a lease for *ttl* seconds from now, also when it has expired meanwhile.

        Fails with LeaseLost once it was released or acquired again, by whomever.
        """

    def release(lease: Lease) -> Deferred[None]:
        """Give a lease back; fails with LeaseLost as `renew` does."""

    def status(name: str) -> Deferred[Lease | None]:
        """Fires with the lease in force; None where nobody has it or it has expired."""


class IMemoryStore(Interface):
    """The rows of memory graphs, each graph under a namespace of its own."""

    def append(namespace: str, changes: Sequence[Change]) -> Deferred[int]:
        """Put and remove rows, all or none; fires when durable.

        It fires with the number of this change, which grows within the namespace.
        """

    def load(namespace: str) -> Deferred[list[tuple[str, bytes]]]:
        """Fires with every row, key and value, in no particular order."""

    def replace(namespace: str, rows: Sequence[tuple[str, bytes]]) -> Deferred[int]:
        """Make *rows* all there is, in one transaction; fires as `append` does."""
