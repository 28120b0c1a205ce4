"""Calling methods through the registry, as the dispatcher does, on a fake session."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from msgspec import Raw
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject, decode, encode
from car.proto import codes
from car.server import surroundings
from car.server.config import ServerStateConfig
from car.server.errors import error_answer
from car.server.host import HostState
from car.server.registry import load_methods
from car.server.surroundings import Surroundings
from tests.processes import SpawningClock

WRONG_VALUES: tuple[Any, ...] = (7, True, [1], {"x": 1}, "text", 1.5)


def machine(
    *,
    platform: str = "linux",
    programs: Iterable[str] = (),
    readable: Iterable[str] = (),
    **environ: str,
) -> Surroundings:
    """A machine with these programs, readable globs and variables, and nothing else."""
    found, open_to_us = set(programs), set(readable)

    def which(name: str) -> str | None:
        return f"/bin/{name}" if name in found else None

    return Surroundings(platform, environ, which, open_to_us.__contains__)


class MethodTestCase(SynchronousTestCase):
    """A session on a machine without anything; the gate is off unless a test wants it."""

    def setUp(self) -> None:
        self.reactor = SpawningClock()
        self.methods = load_methods()
        self.configure(approvals=False)
        self.on(machine())

    def configure(self, **settings: Any) -> None:
        """Start anew with these settings."""
        self.host = HostState(self.reactor)
        self.session: Any = SimpleNamespace(
            client_id="client",
            state=SimpleNamespace(
                reactor=self.reactor,
                clock=self.reactor,
                config=ServerStateConfig(**settings),
                host=self.host,
            ),
        )

    def on(self, here: Surroundings) -> None:
        """Make *here* the machine that the daemon runs on."""
        self.patch(surroundings, "HERE", here)

    def begin(self, name: str, params: Any = None) -> "Deferred[Any]":
        """Call a method; fires with its result, or fails as its handler does."""
        entry = self.methods[name]

        def run() -> Any:
            result = entry.call(self.session, Raw(encode(params)), b"1")
            return Deferred.fromCoroutine(result) if hasattr(result, "send") else result

        return maybeDeferred(run)

    def call(self, name: str, params: Any = None) -> Any:
        """The result of a method that has it at once, as the client reads it."""
        return decode(encode(self.successResultOf(self.begin(name, params))))

    def told(self, failure: Failure, name: str = "x") -> JsonObject:
        """The ``error`` member that a client gets."""
        error: JsonObject = decode(error_answer(b"1", failure, name))["error"]
        return error

    def error(self, name: str, params: Any = None) -> JsonObject:
        """The ``error`` member of a method that fails at once."""
        return self.told(self.failureResultOf(self.begin(name, params)), name)

    def assertWrongParams(self, name: str, right: JsonObject) -> None:
        """*right* is taken; each member of it with a value of another type is -32602."""
        outcome: list[Any] = []
        self.begin(name, right).addBoth(outcome.append)
        if outcome and isinstance(outcome[0], Failure):
            self.assertNotEqual(self.told(outcome[0])["code"], codes.INVALID_PARAMS)
        for member, value in right.items():
            for wrong in WRONG_VALUES:
                if type(wrong) is type(value) or (type(wrong), type(value)) == (int, float):
                    continue
                error = self.error(name, {**right, member: wrong})
                self.assertEqual(error["code"], codes.INVALID_PARAMS, (name, member, wrong))
                self.assertIn(member, error["message"])
        for wrong in ("text", 7, [1], True):
            error = self.error(name, wrong)
            self.assertEqual(error["code"], codes.INVALID_PARAMS, (name, wrong))
