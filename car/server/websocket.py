"""The daemon's WebSocket: Autobahn's server protocol with a lean path through it.

Octets come in, messages go to the session; messages of the session go out as octets.
Whole frames of the common kind are read by :mod:`car.server.framing` and written by
:mod:`car.server.transport`; the opening handshake, close frames, fragments and everything
broken stay with Autobahn, whose answers its conformance cases hold us to.  Compression is
never negotiated.  Who may open a connection is said by :mod:`car.server.opening`; what a
message means is the session's affair.
"""

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.interfaces import IAddress, IPushProducer, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from car.server import framing
from car.server.interfaces import IConnection, IConnectionSession
from car.server.limits import Limits
from car.server.liveness import Liveness, Sweep, Verdict
from car.server.opening import Opening, OpeningPolicy, Refusal
from car.server.transport import Output, keep_alive, opening_of

_log = Logger()

CLOSE_SECONDS = 2.0
"""From our close frame, once it has left, to the peer's; then the connection is dropped."""

MESSAGE_FRAGMENTS = 4096
"""A message in more fragments than this closes with 1009: 16 MiB in pieces of 4 KiB."""

HELD_FRAME_BYTES = 512
"""Only a frame longer than this is gathered until its payload is whole.  A shorter one costs
little in Autobahn, which refuses text that is not UTF-8 at the first wrong octet."""

_HELD_PIECES = 1024
"""Pieces of a gathered frame are joined beyond this, lest one-octet pieces weigh 40 each."""

_REASON_BYTES = 123
"""The longest reason of a close frame (RFC 6455, 5.5)."""

_INTERNAL_ERROR = 1011
_HEADERS_TOO_LARGE = 431
_NO_BODY = [("Content-Length", "0"), ("Connection", "close")]


@implementer(IConnection, IPushProducer)
class CarServerProtocol(WebSocketServerProtocol):
    """One connection.  Autobahn owns most names here: ours are few and begin with ``_``."""

    CONFIG_ATTRS: list[str] = []
    """Autobahn would copy these options one by one and pretty-print them for a debug log on
    every connection, which is most of the cost of setting one up; our factory hands all of
    them over at once instead."""

    factory: "CarServerFactory"  # the only one that builds us
    transport: Any  # of several kinds, and there whenever we are called
    stalled = False

    _opening: Opening
    _output: Output
    _liveness: Liveness
    _session: IConnectionSession | None = None
    _held: list[bytes] | None = None
    _held_bytes = 0
    _needed_bytes = 0
    _fragments = 0
    _heard = False

    # The opening handshake.

    def connectionMade(self) -> None:
        super().connectionMade()
        keep_alive(self.transport)
        self._opening = opening_of(self.transport, self.peer or "unknown")
        self._output = Output(self.transport, self.factory.limits.output_bytes)
        self.registerProducer(self, True)

    def processHandshake(self) -> None:
        """Apply the opening policy to the request, then let Autobahn judge and answer it."""
        limit = self.factory.limits.opening_bytes
        end = self.data.find(b"\r\n\r\n", 0, limit)
        if end >= 0:
            refusal = self.factory.policy.refusal(self.data[:end], self._opening.is_unix)
        elif len(self.data) >= limit:
            refusal = Refusal(_HEADERS_TOO_LARGE, f"The head must be shorter than {limit} octets")
        else:
            return
        if refusal is None:
            super().processHandshake()
        else:
            _log.info("refused {peer}: {reason}", peer=self.peer, reason=refusal.reason)
            self.failHandshake(refusal.reason, refusal.status, _NO_BODY)

    def onConnect(self, request: ConnectionRequest) -> None:
        """Ask whether there is a place for this connection."""
        refusal = self.factory.admit(self._opening)
        if refusal is not None:
            raise ConnectionDeny(refusal.status, refusal.reason)

    def onOpen(self) -> None:
        self._liveness = Liveness(self.factory.limits, self.factory.clock.seconds())
        self.factory.sweep.add(self)
        try:
            self._session = self.factory.open_session(self._opening)
            self._session.opened(self)
        except Exception:
            _log.failure("cannot open a session for {peer}", peer=self.peer)
            self.close(_INTERNAL_ERROR, "internal error")

    # Receiving.

    def dataReceived(self, data: bytes) -> None:
        """Read what has come, as much of it as may be by the lean path."""
        self._heard = True
        if self._held is not None:
            self._held.append(data)
            self._held_bytes += len(data)
            if self._held_bytes < self._needed_bytes and self.state == self.STATE_OPEN:
                if len(self._held) > _HELD_PIECES:
                    self._held = [b"".join(self._held)]
                return
            data = b"".join(self._held)
            self._held = None
        while data:
            if not self.data and self._is_between_messages():
                data = self._read(data)
            if data:
                data = self._read_by_autobahn(data)

    def _is_between_messages(self) -> bool:
        """Whether the next octet begins a message, and one that we would take."""
        return (
            self.state == self.STATE_OPEN and self.current_frame is None and not self.inside_message
        )

    def _read(self, octets: bytes) -> bytes:
        """Read and deliver the common frames of *octets*; answer what Autobahn is to read."""
        frames, used, needed, length_known = framing.read_frames(octets, self.maxFramePayloadSize)
        if frames:
            messages, size = self._deliver(frames)
            stats = self.trafficStats
            stats.incomingOctetsWireLevel += used
            stats.incomingWebSocketFrames += messages
            stats.incomingWebSocketMessages += messages
            stats.incomingOctetsWebSocketLevel += size
            stats.incomingOctetsAppLevel += size
        is_worth_holding = needed > HELD_FRAME_BYTES or (needed and not length_known)
        if is_worth_holding and self.state == self.STATE_OPEN:
            self._held = [octets[used:]]
            self._held_bytes = len(octets) - used
            self._needed_bytes = needed
            return b""
        return octets[used:] if used else octets

    def _deliver(self, frames: list[tuple[int, bytes]]) -> tuple[int, int]:
        """Hand the messages among *frames* to the session as one turn; answer the pings.

        Answers how many messages the session got, and of how many octets.
        """
        session = self._session
        assert session is not None  # there is one as long as the state is open
        messages = size = 0
        pings: list[bytes] = []
        for opcode, payload in frames:
            if self.state != self.STATE_OPEN:
                break
            if opcode == framing.PING:
                pings.append(payload)
                continue
            if opcode == framing.PONG:
                self._liveness.pong_received()
                continue
            if not messages:
                self._tell(session.turn_began)
            messages += 1
            size += len(payload)
            try:
                if opcode == framing.TEXT:
                    session.message_received(payload)
                else:
                    session.binary_received(payload)
            except Exception:
                _log.failure("a message of {peer} met a defect", peer=self.peer)
        if messages:
            self._tell(session.turn_ended)
            if session.awaits_answers and self.state == self.STATE_OPEN:
                self._output.acknowledge()
        if pings and self.state == self.STATE_OPEN:
            self._write(framing.pong_frames(pings))
        return messages, size

    def _read_by_autobahn(self, octets: bytes) -> bytes:
        """Let Autobahn read *octets*; answer those that it leaves to the lean path."""
        waiting = len(self.data) + len(octets)
        self._dataReceived(octets)
        rest = self.data
        if len(rest) == waiting or not self._is_between_messages():
            return b""
        self.data = b""
        self.trafficStats.incomingOctetsWireLevel -= len(rest)
        return rest

    def processData(self) -> bool:
        """Autobahn's reader of a frame, stopped where the lean path can go on."""
        return super().processData() and not self._is_between_messages()

    def onMessageBegin(self, isBinary: bool) -> None:
        super().onMessageBegin(isBinary)
        self._fragments = 0

    def onMessageFrameBegin(self, length: int) -> None:
        super().onMessageFrameBegin(length)
        self._fragments += 1
        if self._fragments > MESSAGE_FRAGMENTS and not self.failedByMe:
            reason = f"a message may have {MESSAGE_FRAGMENTS} fragments"
            self._max_message_size_exceeded(self._fragments, MESSAGE_FRAGMENTS, reason)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A message that Autobahn has read: a turn of its own, so that no close overtakes it."""
        if self.state == self.STATE_OPEN:
            self._deliver([(framing.BINARY if isBinary else framing.TEXT, payload)])

    def onPong(self, payload: bytes) -> None:
        self._liveness.pong_received()

    # Sending.

    def send_messages(self, messages: list[bytes]) -> None:
        if self.state != self.STATE_OPEN or not messages:
            return
        data = framing.text_frames(messages)
        count = len(messages)
        size = sum(map(len, messages))
        stats = self.trafficStats
        stats.outgoingWebSocketMessages += count
        stats.outgoingWebSocketFrames += count
        stats.outgoingOctetsWebSocketLevel += size
        stats.outgoingOctetsAppLevel += size
        self._write(data)

    def _write(self, data: bytes) -> None:
        self.trafficStats.outgoingOctetsWireLevel += len(data)
        self._output.write(data)

    def pauseProducing(self) -> None:
        """The transport holds more output than it should: stop reading and tell the session.

        Twisted says so with every write beyond its own, lower threshold; the session is told
        once, at ours.
        """
        if self.stalled or not self._output.full:
            return
        self.stalled = True
        self.transport.pauseProducing()
        if self._session is not None:
            self._tell(self._session.output_stalled)

    def resumeProducing(self) -> None:
        """The output has left: read again and tell the session."""
        if not self.stalled:
            return
        self.stalled = False
        self.transport.resumeProducing()
        if self._session is not None:
            self._tell(self._session.output_resumed)

    def stopProducing(self) -> None:
        """The transport is gone; ``connectionLost`` says the rest."""

    # Limits and the end.

    def raise_limits(self, expect_pongs: bool = False) -> None:
        limit = self.factory.limits.message_bytes
        self.maxMessagePayloadSize = self.maxFramePayloadSize = limit
        if expect_pongs:
            self._liveness.expect_pongs()

    def look(self, now: float) -> None:
        """Send the ping that is due at *now*, or drop the peer that has gone."""
        unsent = self._output.unsent
        stats = self.trafficStats
        verdict = self._liveness.judge(
            now,
            heard=self._heard,
            reading=not self.stalled,
            unsent=self.stalled if unsent is None else unsent > 0,
            taken=0 if unsent is None else stats.outgoingOctetsWireLevel - unsent,
        )
        self._heard = False
        if verdict is Verdict.PING:
            self.sendPing()
        elif verdict is not Verdict.FINE:
            _log.info("dropping {peer}: {verdict}", peer=self.peer, verdict=verdict.value)
            self._drop(verdict.value)

    def close(self, code: int, reason: str) -> None:
        """Autobahn's ``sendClose`` knows 1000 and 3000 to 4999 only; its inner part knows all."""
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code, encode_truncate(reason, _REASON_BYTES))

    def onCloseHandshakeTimeout(self) -> None:
        """The peer has not answered our close frame; wait on while that has not left us."""
        if self._output.unsent or self.stalled:
            self.closeHandshakeTimeoutCall = self.factory._batched_timer.call_later(
                CLOSE_SECONDS, self.onCloseHandshakeTimeout
            )
        else:
            super().onCloseHandshakeTimeout()

    def abort(self) -> None:
        self._drop("it was dropped by the daemon")

    def _drop(self, reason: str) -> None:
        """End the connection now, even one that Autobahn has closed but that still sends."""
        if self.state == self.STATE_CLOSED:
            self._closeConnection(abort=True)
        else:
            self.wasNotCleanReason = reason
            self.dropConnection(abort=True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._held = None
        self.factory.sweep.discard(self)
        if self.closeHandshakeTimeoutCall is not None:  # Autobahn forgets this one
            self.closeHandshakeTimeoutCall.cancel()
            self.closeHandshakeTimeoutCall = None
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """Called once, when the transport has gone: the session's last word."""
        session, self._session = self._session, None
        if session is None:
            return
        if not wasClean:
            sentence = f"The connection was lost: {self.wasNotCleanReason}."
        elif self.closedByMe:
            sentence = f"The daemon closed the connection with code {self.localCloseCode}."
        else:
            sentence = f"The client closed the connection with code {code or 'none'}."
        self._tell(session.connection_lost, sentence)

    def _tell(self, method: Callable[..., None], *args: object) -> None:
        """Call a method of the session; its defects are logged and hurt nobody else."""
        try:
            method(*args)
        except Exception:
            _log.failure("the session of {peer} met a defect", peer=self.peer)


def _admit_all(opening: Opening) -> None:
    """There is a place for everybody."""


class CarServerFactory(WebSocketServerFactory):
    """Accepts connections, gives each its session, and looks after all of them on one timer.

    *open_session* makes the session of a connection whose opening handshake has succeeded.
    *admit* may refuse one before that, 503 when the daemon is full.  *clock* runs our own
    timer; those of Autobahn's handshakes run on ``txaio.config.loop``.
    """

    def __init__(
        self,
        open_session: Callable[[Opening], IConnectionSession],
        clock: IReactorTime,
        limits: Limits | None = None,
        policy: OpeningPolicy | None = None,
        admit: Callable[[Opening], Refusal | None] = _admit_all,
    ) -> None:
        super().__init__(server="car", reactor=clock)
        self.open_session = open_session
        self.clock = clock
        self.limits = limits or Limits()
        self.policy = policy or OpeningPolicy()
        self.admit = admit
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,
            failByDrop=False,
            allowNullOrigin=False,
            openHandshakeTimeout=self.limits.opening_timeout,
            closeHandshakeTimeout=CLOSE_SECONDS,
            maxFramePayloadSize=self.limits.unauthenticated_bytes,
            maxMessagePayloadSize=self.limits.unauthenticated_bytes,
        )
        self._options = {name: getattr(self, name) for name in WebSocketServerProtocol.CONFIG_ATTRS}
        self.sweep = Sweep(clock)

    def buildProtocol(self, addr: IAddress | None) -> CarServerProtocol:  # type: ignore[override]
        protocol = CarServerProtocol()
        protocol.factory = self
        vars(protocol).update(self._options)
        return protocol
