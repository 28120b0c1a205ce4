"""Devices on a test's clock, each with a store of its own, that share a relay."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject
from car.store.database import Database
from car.store.leases import SqliteLeases
from car.store.schema import STATE
from car.store.state import SqliteStateStore
from car.sync.clock import Hlc
from car.sync.device import SyncDevice
from car.sync.operations import Operation, Scope, operation
from car.sync.relay import FileRelay
from tests.store.doubles import SettableClock, at_once


def op(
    device: str = "dev-a",
    seq: int = 1,
    wall_ms: int = 0,
    surface: str = "knowledge",
    payload: JsonObject | None = None,
    scope: Scope = "personal",
) -> Operation:
    """An operation that a device might have recorded."""
    return operation(Hlc(wall_ms or seq, 0, device), seq, surface, payload or {}, scope)


def turn(role: str = "user", content: str = "hi", **members: Any) -> JsonObject:
    """The payload of a turn."""
    return {
        "conversation_id": "c1",
        "role": role,
        "content": content,
        "timestamp": "2026-03-04T10:00:00Z",
        **members,
    }


class Unit:
    """One device: its store, its leases, its journal."""

    def __init__(self, case: "SyncCase", name: str, path: Path | None = None) -> None:
        self.name = name
        self.path = path or Path(case.mktemp())
        self.clock = SettableClock()
        self.database = Database(self.path, STATE, at_once, synchronous="NORMAL", now=self.clock)
        self.leases = SqliteLeases(self.database)
        self.store = SqliteStateStore(self.database)
        self.sync = SyncDevice(
            self.store,
            self.leases,
            FileRelay(case.relay),
            at_once,
            now=self.clock,
            new_device_id=lambda: f"dev-{name}",
        )


class SyncCase(SynchronousTestCase):
    """Tests with devices."""

    def setUp(self) -> None:
        super().setUp()
        self.relay = Path(self.mktemp()) / "relay"

    def unit(self, name: str, path: Path | None = None) -> Unit:
        """A device."""
        return Unit(self, name, path)

    def result(self, coroutine: Any) -> Any:
        """What a coroutine returned."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def problem(self, coroutine: Any, *kinds: Any) -> Any:
        """What a coroutine raised."""
        return self.failureResultOf(Deferred.fromCoroutine(coroutine), *kinds).value

    def learn(self, unit: Unit, **payload: Any) -> Operation:
        """Record a fact."""
        recorded: Operation = self.result(unit.sync.append("knowledge", payload, "personal"))
        return recorded

    def pump(self, unit: Unit) -> Any:
        """Pump."""
        return self.result(unit.sync.exchange.pump())

    def facts(self, unit: Unit) -> Any:
        """What is known."""
        return self.result(unit.sync.knowledge())

    def state_hash(self, unit: Unit) -> Any:
        """The state's."""
        return self.result(unit.sync.status()).state_hash
