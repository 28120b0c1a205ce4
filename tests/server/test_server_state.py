"""Tests of car.server.server_state: what the connections of a daemon share."""

from pathlib import Path

from car.memgine.memgine import Memgine
from car.server.config import ServerStateConfig
from car.server.opening import Opening
from car.server.server_state import ServerState
from tests.server.doubles import ServerCase, ThreadlessClock


class ConstructionTests(ServerCase):
    """The three ways to make one."""

    def test_standalone(self) -> None:
        """Journals in a directory, a memory of its own for each session."""
        state = ServerState.standalone(self.mktemp(), self.clock)
        self.assertIsNotNone(state.journals)
        sessions = [state.open_session(Opening("test")) for _ in range(2)]
        self.assertIsNot(sessions[0].memory, sessions[1].memory)

    def test_embedded(self) -> None:
        """The embedder's memory engine is every session's; without one it is no such server."""
        memgine = Memgine()
        state = ServerState.embedded(self.mktemp(), memgine, self.clock)
        for _ in range(2):
            self.assertIs(state.open_session(Opening("test")).memory, memgine)
        embedded = ServerState.embedded
        self.assertRaises(TypeError, embedded, self.mktemp())

    def test_with_config(self) -> None:
        """As the config says; inference and memory may be added to one."""
        engine, memgine = object(), Memgine()
        config = ServerStateConfig().with_inference(engine).with_memgine(memgine)
        state = ServerState.with_config(config, self.clock)
        self.assertIs(state.inference.engine, engine)
        self.assertIs(state.open_session(Opening("test")).memory, memgine)
        self.assertIsNone(state.journals)

    def test_path_or_text(self) -> None:
        """The directory may be given either way."""
        directory = self.mktemp()
        for given in (directory, Path(directory)):
            state = ServerState.standalone(given, ThreadlessClock())
            assert state.journals is not None
            self.assertEqual(state.journals.directory, Path(directory))


class SessionTests(ServerCase):
    """The table of sessions."""

    def test_client_ids(self) -> None:
        """Ids are unique and fit for file names, sessions go when their connection does."""
        peers = [self.peer() for _ in range(100)]
        ids = {peer.session.client_id for peer in peers}
        self.assertEqual(ids, set(self.state.sessions))
        self.assertEqual(len(ids), 100)
        for id in ids:
            self.assertRegex(id, r"\Ac-[0-9a-z]{26}\Z")
        for peer in peers:
            peer.lose()
        self.assertEqual(self.state.sessions, {})

    def test_storm(self) -> None:
        """Connections that come and go in every state leave nothing behind (T12)."""
        self.serve_journaled()
        for n in range(200):
            peer = self.peer()
            if n % 2:
                peer.call("tools.register", [{"name": "lint"}])
            if n % 4 == 3:
                actions = [{"type": "tool_call", "tool": "lint"}]
                peer.send("proposal.submit", {"proposal": {"actions": actions}})
            if n % 8 == 7:
                peer.call("host.subscribe")
                peer.call("host.request_approval", {"action": "deploy"})
            peer.lose()
        self.state.stopService()
        self.later(3600)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.state.sessions, {})

    def test_unauthenticated(self) -> None:
        """Those are counted who have yet to authenticate."""
        self.serve(auth=True)
        self.peer()
        self.assertEqual(self.state.unauthenticated, 1)

    def test_in_thread(self) -> None:
        """Work for a thread gives its result or its failure."""
        self.assertEqual(self.successResultOf(self.state.in_thread(divmod, 7, 2)), (3, 1))
        self.failureResultOf(self.state.in_thread(divmod, 7, 0), ZeroDivisionError)
