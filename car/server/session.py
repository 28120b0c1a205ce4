"""ClientSession: one connection's runtime, channel, role and slots.

A connection is a session: what stands here lives and dies with it.  The runtime, the event
log and the journal are made at the first use, so that an idle connection stays small.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

from car import __version__
from car.engine.errors import ToolError
from car.engine.runtime import Runtime
from car.eventlog.errors import JournalError
from car.eventlog.journal import JournalFile
from car.eventlog.log import EventLog
from car.ir.json import JsonObject, JsonValue, encode
from car.memgine.memgine import Memgine
from car.proto import codes
from car.proto.messages import error_frame
from car.server.auth import Role
from car.server.callbacks import ClientToolExecutor
from car.server.channel import CallbackChannel
from car.server.dispatch import Dispatcher
from car.server.errors import JournalUnavailable
from car.server.host_records import HostEvent
from car.server.interfaces import IConnectionSession
from car.server.memories import Memory
from car.server.notifications import Notifications
from car.server.outbox import Outbox

if TYPE_CHECKING:
    from car.server.server_state import ServerState

_log = Logger()

_T = TypeVar("_T")

RECENT_EVENTS = 256
"""Events held in memory beside a journal, which has the others: 10,000 are some 4 MB a
session, and memory that is always new costs more than the lines themselves."""

JOURNAL_FORMAT = 1
"""The version of the journal's line format (``record.md`` §2)."""


@implementer(IConnectionSession)
class ClientSession:
    """What one client has: made by ServerState when its connection opens."""

    def __init__(self, state: "ServerState", client_id: str, peer_uid: int | None = None) -> None:
        self.state = state
        self.client_id = client_id
        self.peer_uid = peer_uid
        self.role = Role.UNBOUND
        self.authenticated = not state.config.authenticator.enabled
        self.protocol_version: int | None = None
        self.agent_id: str | None = None
        self.memory_namespace: str | None = None
        self.wrong_tokens = 0
        self.evolving = False
        """Whether an ``evolution.run`` of this session is under way: one at a time."""
        self.host = state.host
        self._memory: Memory | None = None
        self.browser: Any = None
        """This session's browser (IBrowserSlot), or None until it has one."""
        self._connection: Any = None
        self._closed = False
        self._drained: list[Deferred[None]] = []
        self._runtime: Runtime | None = None
        self._channel: CallbackChannel | None = None
        self._journal: JournalFile | None = None
        self._auth_timer: IDelayedCall | None = None
        self._messages_before_auth = 0
        self._refused = False
        self._outbox = Outbox(
            self._write,
            state.clock,
            self._call_unsent,
            state.sync,
            state.config.limits.output_bytes,
        )
        self._notifications = Notifications(self.put, state.config.limits, self._too_slow)
        self._dispatcher = Dispatcher(self, state.methods)

    # ---- its parts -----------------------------------------------------------------

    @property
    def channel(self) -> CallbackChannel:
        """The pending requests that we sent this client."""
        if self._channel is None:
            self._channel = CallbackChannel(
                self._outbox.put, self.state.clock, self.state.config.limits.pending_callbacks
            )
            if self._closed:
                self._channel.connection_lost("the connection is closed")
        return self._channel

    @property
    def awaits_answers(self) -> bool:
        """Whether requests of ours are out."""
        return self._channel is not None and self._channel.pending_count > 0

    @property
    def runtime(self) -> Runtime:
        """The session's runtime, with its state, tools, policies and event log."""
        if self._runtime is None:
            self._runtime = self._make_runtime()
        return self._runtime

    @property
    def memory_held(self) -> Memory:
        """The memory this connection uses: shared, bound by ``session.auth``, or its own."""
        if self._memory is None:
            self._memory = self.state.memories.fresh()
        return self._memory

    @property
    def memory(self) -> Memgine:
        """The graph of that memory, to ask; what changes it goes through ``remember``."""
        return self.memory_held.memgine

    def remember(self, change: Callable[[Memgine], _T]) -> "Deferred[_T]":
        """Change the memory; fires with what *change* answered once that is kept."""
        return self.memory_held.remember(change)

    async def memory_vector(self, text: str) -> list[float] | None:
        """The vector of a question to the memory; None where there is no encoder."""
        return await self.state.memories.vector(self.memory_held, text)

    def use_memory(self, memory: Memory) -> None:
        """Use *memory* from now on."""
        self._leave_memory()
        if self._closed:
            self.state.memories.release(memory)
        else:
            self._memory = memory

    def _leave_memory(self) -> None:
        if self._memory is not None:
            self.state.memories.release(self._memory)
            self._memory = None

    def _make_runtime(self) -> Runtime:
        state = self.state
        config = state.config
        limits = config.limits
        memory_limit = limits.events_in_memory
        if state.journals is not None:
            self._journal = state.journals.open(self.client_id)
            memory_limit = min(memory_limit, RECENT_EVENTS)
        events = EventLog(
            self.client_id,
            state.now,
            self._journal,
            monotonic=state.monotonic,
            memory_limit=memory_limit,
            line_bytes=limits.journal_line_bytes,
            blobs=None if state.journals is None else state.journals.blobs,
            redact=config.redact,
            redact_key=config.redact_key,
            chain=config.journal_chain,
            opening=self._opening,
        )
        self._outbox.log_opened(events, self._journal)
        executor = ClientToolExecutor(self.channel, limits.tool_timeout, self.put)
        return Runtime(
            executor,
            state.clock,
            events=events,
            state=state.new_store(),
            now=state.now,
            session_id=self.client_id,
        )

    def _opening(self) -> JsonObject:
        """The data of ``record_opened``, the journal's first line."""
        config = self.state.config
        settings: JsonObject = {"tool_timeout": config.limits.tool_timeout}
        if config.tools_root is not None:
            settings["root"] = str(config.tools_root)
        if config.permission_tier is not None:
            settings["tier"] = config.permission_tier
        return {
            "format": JOURNAL_FORMAT,
            "version": __version__,
            "client_id": self.client_id,
            "settings": settings,
            "file_policies": [],
        }

    def record(self, kind: str, data: JsonObject) -> None:
        """Put a line of the client's own doing into the journal.

        Raises JournalUnavailable while the journal cannot be written: nothing that could
        not be recorded is done.
        """
        events = self.runtime.events
        self.require_journal()
        events.append(kind, None, None, encode(data))

    def require_journal(self) -> None:
        """Raise JournalUnavailable while the journal cannot be written."""
        failed = self.runtime.events.failed
        if failed is not None:
            raise JournalUnavailable(str(failed))

    @property
    def has_host_rights(self) -> bool:
        """Whether host-only methods are open to this connection."""
        return self.state.config.authenticator.has_host_rights(self.role)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.state.now()

    # ---- the connection ----------------------------------------------------------------

    def opened(self, connection: Any) -> None:
        """The connection stands; the clock for authentication runs."""
        self._connection = connection
        limits = self.state.config.limits
        if self.authenticated:
            connection.raise_limits()
        else:
            self._auth_timer = self.state.clock.callLater(limits.auth_timeout, self._auth_late)

    def turn_began(self) -> None:
        """Messages follow: gather what they cause to be sent."""
        self._outbox.begin()

    def message_received(self, payload: bytes) -> None:
        """One text message."""
        if self._closed or self._refused:
            return
        if not self.authenticated:
            self._messages_before_auth += 1
            if self._messages_before_auth > self.state.config.limits.messages_before_auth:
                self.close(codes.CLOSE_POLICY, "too many messages before authentication")
                return
        self._dispatcher.payload_received(payload)

    def binary_received(self, payload: bytes) -> None:
        """One binary message: a frame of audio for a voice session."""
        if not self.authenticated:
            self.close(codes.CLOSE_UNAUTHENTICATED, "authentication required")
        elif not self._closed and not self._refused:
            self.state.voice_sessions.frame_received(self, payload)

    def turn_ended(self) -> None:
        """The turn is over: everything gathered goes out."""
        self._outbox.end()

    def output_stalled(self) -> None:
        """The client does not read: hold its requests."""
        self._dispatcher.stalled = self._notifications.stalled = True

    def output_resumed(self) -> None:
        """The client reads again: take up what was held."""
        self._dispatcher.stalled = False
        self._notifications.resumed()
        drained, self._drained = self._drained, []
        for waiter in drained:
            waiter.callback(None)
        self._dispatcher.take_up()

    def connection_lost(self, reason: str) -> None:
        """The connection has gone: end everything that belonged to it.

        Proposals are cancelled before the channel closes, so that a lost connection is not
        taken for the failure of one tool with the next action to follow.
        """
        if self._closed:
            return
        self._closed = True
        self._cancel_auth_timer()
        self.end(f"tool callback channel closed: {reason}")
        if self._channel is not None:
            self._channel.connection_lost(reason)
        self._leave_memory()
        if self.browser is not None:
            self.browser.close()
        self._close_record(reason)
        self._outbox.close()
        if self._journal is not None and self.state.journals is not None:
            self.state.journals.release(self._journal)
        self.state.session_closed(self)

    @property
    def busy(self) -> bool:
        """Whether requests of this session are being worked on."""
        return self._dispatcher.in_flight > 0

    def end(self, reason: str) -> None:
        """Cancel everything that runs; *reason* stands in the results."""
        if self._runtime is not None:
            self._runtime.cancel_all(reason)
        self._dispatcher.close()

    def abort(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.abort()

    def _close_record(self, reason: str) -> None:
        if self._runtime is not None and self._runtime.events.last_number:
            try:
                self._runtime.events.append("record_closed", None, None, encode({"reason": reason}))
            except JournalError as problem:
                _log.error("{client_id}: {problem}", client_id=self.client_id, problem=problem)

    def close(self, code: int, reason: str) -> None:
        """Close the connection after what is gathered has gone out."""
        self._refused = True  # no further message is taken
        self._outbox.flush()
        if self._connection is not None:
            self._connection.close(code, reason)

    # ---- authentication -----------------------------------------------------------------

    def authenticated_as(self, role: Role) -> None:
        """The client has shown a token: lift the limits of before."""
        self.authenticated = True
        self.role = role
        self._cancel_auth_timer()
        if self._connection is not None:
            self._connection.raise_limits(expect_pongs=True)

    def refuse_unauthenticated(self, id: bytes | None, method: str) -> None:
        """Answer -32001 and close: a method before ``session.auth`` (decision 7)."""
        _log.info(
            "{client_id} from {peer} refused: {method} before authentication",
            client_id=self.client_id,
            peer=getattr(self._connection, "peer", "unknown"),
            method=method[:200],
        )
        text = f"auth required: call session.auth with the daemon's token before {method[:200]}"
        if id is not None:
            self.reply_error(id, codes.AUTH_REQUIRED, text)
        self.close(codes.CLOSE_UNAUTHENTICATED, "authentication required")

    def _auth_late(self) -> None:
        self._auth_timer = None
        self.close(codes.CLOSE_UNAUTHENTICATED, "authentication took too long")

    def _cancel_auth_timer(self) -> None:
        if self._auth_timer is not None:
            self._auth_timer.cancel()
            self._auth_timer = None

    # ---- sending -------------------------------------------------------------------------

    def reply(self, id: bytes, frame: bytes) -> None:
        """Send the answer to request *id* (raw JSON) at the end of this turn."""
        self._outbox.put(frame, id)

    def reply_error(self, id: bytes, code: int, message: str) -> None:
        """Send an error that recorded nothing."""
        self._outbox.put(error_frame(id, code, message))

    def put(self, frame: bytes) -> None:
        """Send a ready frame at the end of this turn."""
        self._outbox.put(frame)

    def notify(self, method: str, params: JsonValue, *, droppable: bool = False) -> None:
        """Send a notification; a *droppable* one may be lost to a client that reads slowly."""
        self._notifications.send(method, encode(params), droppable=droppable)

    def host_event(self, event: HostEvent) -> None:
        """Tell this subscriber of something that happened; of approvals without fail."""
        self._notifications.send(
            "host.event",
            encode(event),
            droppable=not event.kind.startswith("approval."),
            cursor=event.sequence,
        )

    def voice_event(self, session_id: str, event: JsonValue, *, droppable: bool = False) -> None:
        """Tell of something in a voice session, speech stream or turn of this client's.

        How many *droppable* ones were lost to a client that reads slowly is told by ``lagged``.
        """
        if not self._closed:
            params = encode({"session_id": session_id, "event": event})
            self._notifications.send("voice.event", params, droppable=droppable, voice=session_id)

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message after what is gathered."""
        if self._connection is not None and not self._closed:
            self._outbox.flush()
            self._connection.sendMessage(payload, True)

    def drained(self) -> "Deferred[None] | None":
        """None while the client reads; else what fires when it does again, if it ever does."""
        if self._closed or not self._notifications.stalled:
            return None
        self._drained.append(Deferred())
        return self._drained[-1]

    def _too_slow(self) -> None:
        """What must not be dropped has found no place."""
        self.state.clock.callLater(
            0, self.close, codes.CLOSE_TRY_LATER, "this client reads too slowly"
        )

    def close_after_reply(self, code: int, reason: str) -> None:
        """Close the connection once the answer being made has gone out."""
        self.state.clock.callLater(0, self.close, code, reason)

    def _call_unsent(self, id: str, problem: JournalError) -> None:
        self.channel.unsent(id, ToolError(f"journal unavailable: {problem}"))

    def _write(self, frames: list[bytes]) -> None:
        if self._connection is not None and not self._closed:
            self._connection.send_messages(frames)
