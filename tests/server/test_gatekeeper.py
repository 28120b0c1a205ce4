"""Tests of car.server.gatekeeper: how many connections, and from whom."""

from car.server.gatekeeper import Gatekeeper
from car.server.limits import Limits
from car.server.opening import Opening
from tests.server.doubles import TOKEN, ServerCase

LIMITS = Limits(max_connections=4, max_unauthenticated=2, max_connections_per_uid=2)


class AdmitTests(ServerCase):
    """Gatekeeper.admit"""

    def refusal(self, uid: int | None = None) -> str | None:
        refusal = Gatekeeper(self.state).admit(Opening("test", peer_uid=uid))
        if refusal is None:
            return None
        self.assertEqual(refusal.status, 503)
        return refusal.reason

    def test_room(self) -> None:
        """Whoever comes while there is room may come in."""
        self.serve(limits=LIMITS)
        self.assertIsNone(self.refusal())

    def test_all_connections(self) -> None:
        """So many connections, however they are used; one that goes makes room."""
        self.serve(limits=LIMITS)
        peers = [self.peer() for _ in range(4)]
        self.assertIn("in use", self.refusal() or "")
        peers[0].lose()
        self.assertIsNone(self.refusal())

    def test_unauthenticated(self) -> None:
        """Those who have yet to authenticate are fewer; in open mode nobody counts as such."""
        self.serve(limits=LIMITS, auth=True)
        peers = [self.peer() for _ in range(2)]
        self.assertIn("authenticate", self.refusal() or "")
        peers[0].call("session.auth", {"token": TOKEN})
        self.assertIsNone(self.refusal())
        self.serve(limits=LIMITS)
        for _ in range(3):
            self.peer()
        self.assertIsNone(self.refusal())

    def test_user(self) -> None:
        """One user of a Unix socket has so many; TCP knows no user."""
        self.serve(limits=LIMITS)
        for uid in (1000, 1000, 1001):
            self.peer(uid)
        self.assertIn("this user", self.refusal(1000) or "")
        self.assertIsNone(self.refusal(1001))
        self.assertIsNone(self.refusal())

    def test_draining(self) -> None:
        """A daemon that stops lets nobody in."""
        self.state.draining = True
        self.assertIn("stopping", self.refusal() or "")
