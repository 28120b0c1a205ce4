"""A server without sockets and threads, and the peers that talk to its sessions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.ir.json import JsonObject, JsonValue, decode, encode
from car.server.auth import Authenticator, Credentials, Secret
from car.server.config import ServerStateConfig
from car.server.interfaces import IConnection
from car.server.limits import Limits
from car.server.opening import Opening
from car.server.server_state import ServerState

EPOCH = 1_772_600_000.0
"""When a test's clock starts, in seconds since the epoch."""

TOKEN = "a-token-that-only-tests-know"


class SameThread:
    """A thread pool that runs what it is given at once."""

    def callInThreadWithCallback(
        self, onResult: Callable[[bool, Any], None], func: Any, *args: Any
    ) -> None:
        """Run *func* here and now."""
        try:
            result = func(*args)
        except Exception:
            onResult(False, Failure())
        else:
            onResult(True, result)


class QueuedThread:
    """A thread pool whose work is done when a test says so."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def callInThreadWithCallback(
        self, onResult: Callable[[bool, Any], None], func: Any, *args: Any
    ) -> None:
        """Keep *func* for later."""
        self.work.append(lambda: SameThread().callInThreadWithCallback(onResult, func, *args))

    def run(self) -> None:
        """Do the work that was there when called."""
        work, self.work = self.work, []
        for task in work:
            task()


class ThreadlessClock(Clock):
    """A clock that has a thread pool as well, as a reactor does."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Any = SameThread()

    def getThreadPool(self) -> Any:
        """The pool."""
        return self.pool

    def callFromThread(self, function: Any, *args: Any) -> None:
        """Call *function* at once: all is one thread here."""
        function(*args)


@implementer(IConnection)
class RecordingConnection:
    """Keeps what a session sends; ``writes`` are lists of frames, one for each write."""

    peer = "test"
    stalled = False

    def __init__(self, order: list[Any] | None = None) -> None:
        self.writes: list[list[bytes]] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.limits_raised: list[bool] = []
        self._order = order

    def send_messages(self, messages: list[bytes]) -> None:
        """Note one write."""
        self.writes.append(messages)
        if self._order is not None:
            self._order.append(("sent", len(messages)))

    def close(self, code: int, reason: str) -> None:
        """Note the first close."""
        if self.closed is None:
            self.closed = (code, reason)

    def abort(self) -> None:
        """Note it."""
        self.aborted = True

    def raise_limits(self, expect_pongs: bool = False) -> None:
        """Note it."""
        self.limits_raised.append(expect_pongs)


class Peer:
    """A client: sends messages to its session, keeps what comes."""

    def __init__(self, state: ServerState, uid: int | None = None) -> None:
        self.connection = RecordingConnection()
        self.session = state.open_session(Opening("test", peer_uid=uid))
        self.session.opened(self.connection)
        self._ids = 0
        self._read = 0
        self._frames: list[JsonObject] = []
        self._decoded = 0

    def turn(self, *payloads: bytes) -> list[JsonObject]:
        """Send messages that arrive in one turn; answer what has come since the last look."""
        self.session.turn_began()
        for payload in payloads:
            self.session.message_received(payload)
        self.session.turn_ended()
        return self.new()

    def send(self, method: str, params: JsonValue = None, id: JsonValue = None) -> JsonValue:
        """Send a request; give its id."""
        if id is None:
            self._ids += 1
            id = self._ids
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        self.session.turn_began()
        self.session.message_received(encode(message))
        self.session.turn_ended()
        return id

    def call(self, method: str, params: JsonValue = None) -> JsonValue:
        """The result of a request that is answered at once."""
        answer = self.answer(method, params)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method: str, params: JsonValue = None) -> JsonObject:
        """The error of a request that is answered at once."""
        error: JsonObject = self.answer(method, params)["error"]
        return error

    def answer(self, method: str, params: JsonValue = None) -> JsonObject:
        """The answer to a request that is answered at once."""
        id = self.send(method, params)
        found = [frame for frame in self.new() if frame.get("id") == id and "method" not in frame]
        assert len(found) == 1, (method, found)
        return found[0]

    def reply(self, id: str, result: JsonValue) -> list[JsonObject]:
        """Answer a request of the daemon's; what comes of it."""
        return self.turn(encode({"jsonrpc": "2.0", "id": id, "result": result}))

    def refuse(self, id: str, text: str) -> list[JsonObject]:
        """Answer a request of the daemon's with an error; what comes of it."""
        error = {"code": -32000, "message": text}
        return self.turn(encode({"jsonrpc": "2.0", "id": id, "error": error}))

    def new(self) -> list[JsonObject]:
        """The frames that have come since the last look."""
        frames = self.frames[self._read :]
        self._read += len(frames)
        return frames

    @property
    def frames(self) -> list[JsonObject]:
        """Every frame that came."""
        writes = self.connection.writes
        self._frames += [decode(frame) for write in writes[self._decoded :] for frame in write]
        self._decoded = len(writes)
        return self._frames

    def lose(self, reason: str = "the peer went away") -> None:
        """The connection goes."""
        self.session.connection_lost(reason)


class ServerCase(SynchronousTestCase):
    """A ServerState on a clock, without journals unless a test asks for them."""

    state: ServerState

    def setUp(self) -> None:
        self.clock = ThreadlessClock()
        self.serve()

    def serve(self, *, limits: Limits | None = None, auth: bool = False, **config: Any) -> None:
        """Begin a new server with that configuration."""
        credentials = Credentials(Secret(TOKEN)) if auth else None
        self.credentials = credentials
        self.state = ServerState(
            ServerStateConfig(
                limits=limits or Limits(),
                authenticator=Authenticator(credentials),
                approvals=False,
                inference_max_concurrent="1",
                **config,
            ),
            self.clock,
            now=lambda: EPOCH + self.clock.seconds(),
            writer=maybeDeferred,
        )
        if self.state.stores is not None:
            self.addCleanup(self.state.stores.stopService)

    def serve_journaled(self, **config: Any) -> Path:
        """Begin a new server that keeps journals, and start it; their directory."""
        directory = Path(self.mktemp())
        self.serve(journal_dir=directory, **config)
        self.state.startService()
        return directory

    def peer(self, uid: int | None = None) -> Peer:
        """A new connection."""
        return Peer(self.state, uid)

    def later(self, seconds: float = 0.0) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def result_of(self, client: Peer, method: str, params: JsonValue = None) -> JsonValue:
        """The result of a request that takes some turns of the reactor."""
        id = client.send(method, params)
        for _ in range(50):
            for frame in client.new():
                if frame.get("id") == id:
                    assert "result" in frame, frame
                    return frame["result"]
            self.later()
        raise AssertionError(f"{method} was not answered")

    def journal_of(self, peer: Peer) -> list[JsonObject]:
        """The lines of a session's journal file."""
        assert self.state.journals is not None
        path = self.state.journals.directory / f"{peer.session.client_id}.jsonl"
        return [decode(line) for line in path.read_bytes().splitlines()]


def tool_call(id: str, tool: str = "lint", **members: Any) -> JsonObject:
    """A ``tool_call`` action as JSON."""
    return {"id": id, "type": "tool_call", "tool": tool, **members}


def state_write(id: str, key: str, value: JsonValue, **members: Any) -> JsonObject:
    """A ``state_write`` action as JSON."""
    return {
        "id": id,
        "type": "state_write",
        "parameters": {"key": key, "value": value},
        **members,
    }


def submission(*actions: JsonObject, **members: Any) -> JsonObject:
    """The params of ``proposal.submit``."""
    return {"proposal": {"id": "p1", "actions": list(actions)}, **members}
