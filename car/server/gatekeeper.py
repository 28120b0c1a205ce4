"""How many connections there may be, and from whom (``reliability.md`` §3)."""

from typing import TYPE_CHECKING

from car.server.opening import Opening, Refusal

if TYPE_CHECKING:
    from car.server.server_state import ServerState

SERVICE_UNAVAILABLE = 503


class Gatekeeper:
    """Says no before the upgrade when a server is full or stopping."""

    def __init__(self, state: "ServerState") -> None:
        self._state = state

    def admit(self, opening: Opening) -> Refusal | None:
        """Why *opening* may not become a connection, or None."""
        state = self._state
        limits = state.config.limits
        if state.draining:
            return Refusal(SERVICE_UNAVAILABLE, "The daemon is stopping")
        if len(state.sessions) >= limits.max_connections:
            return Refusal(SERVICE_UNAVAILABLE, "Every connection is in use")
        if state.config.authenticator.enabled and (
            state.unauthenticated >= limits.max_unauthenticated
        ):
            return Refusal(SERVICE_UNAVAILABLE, "Too many connections have yet to authenticate")
        if opening.peer_uid is not None:
            same = sum(1 for s in state.sessions.values() if s.peer_uid == opening.peer_uid)
            if same >= limits.max_connections_per_uid:
                return Refusal(SERVICE_UNAVAILABLE, "Too many connections of this user")
        return None
