"""Stopping without losing work: a grace for what runs, then the end (``reliability.md`` §6)."""

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from car.ir.json import JsonObject
from car.proto import codes

if TYPE_CHECKING:
    from car.server.server_state import ServerState

_log = Logger()

LOOK_SECONDS = 0.05
"""How often a draining server looks whether its work is done."""

CLOSE_SECONDS = 2.0
"""How long connections get for their closing handshake before they are dropped."""


class Drain:
    """Ends the sessions of *state*: new requests are refused, running ones get *grace* seconds.

    ``done`` fires when no session is left.
    """

    def __init__(self, state: "ServerState", grace: float) -> None:
        self.done: Deferred[None] = Deferred()
        self._state = state
        self._until = state.clock.seconds() + grace
        self._closing_until: float | None = None
        self._look = LoopingCall(self._step)
        self._look.clock = state.clock
        state.draining = True
        notice: JsonObject = {"grace_secs": grace}
        for session in list(state.sessions.values()):
            session.notify("server.draining", notice)
        self._look.start(LOOK_SECONDS).addErrback(self._failed)

    def hurry(self) -> None:
        """End the grace now."""
        self._until = self._state.clock.seconds()

    def _step(self) -> None:
        sessions = list(self._state.sessions.values())
        now = self._state.clock.seconds()
        if self._closing_until is None:
            busy = any(session.busy for session in sessions)
            if busy and now < self._until:
                return
            self._closing_until = now + CLOSE_SECONDS
            self._state.host.expire_approvals()
            for session in sessions:
                session.end("the daemon is stopping")
                session.close(codes.CLOSE_GOING_AWAY, "the daemon is stopping")
        elif sessions and now >= self._closing_until:
            for session in sessions:
                session.abort()
        if not self._state.sessions:
            self._look.stop()
            self.done.callback(None)

    def _failed(self, failure: Any) -> None:
        _log.failure("draining", failure)
        if not self.done.called:
            self.done.callback(None)
