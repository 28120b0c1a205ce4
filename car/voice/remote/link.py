"""One connection to a service of speech: its messages, what keeps it open, its end.

What to do when it is lost is for ``recognition``.
"""

from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from car.inference.remote.failures import without
from car.ir.json import JsonError
from car.voice.errors import EngineFailed
from car.voice.remote.conversation import Conversation, Heard, Message, Ready, Refusal
from car.wsclient.connection import WebSocketConnection
from car.wsclient.errors import ConnectionClosed

KEEP_ALIVE_SECONDS = 4.0
"""How long nothing is sent before the service is told that we are still there: Deepgram asks
for 3 to 5."""

CLOSE_SECONDS = 2.0
"""How long a service may take to agree to a close [ours]."""

_NORMAL = 1000


class ServiceBusy(EngineFailed):
    """The service takes no more just now: what is under way fails, later segments may work."""


class ServiceRefused(EngineFailed):
    """The service wants nothing of us, now or later: the key, the account or the options."""


class Link:
    """An open WebSocket and its conversation.

    *service* is what messages call the service; *key* is kept out of them.  ``heard`` takes
    what the service says, ``lost`` what ended the connection, once, unless we closed it.
    """

    heard: Callable[[Heard], None]
    lost: Callable[[EngineFailed], None]

    def __init__(
        self,
        service: str,
        socket: WebSocketConnection,
        conversation: Conversation,
        clock: IReactorTime,
        key: str,
    ) -> None:
        self._service = service
        self._socket = socket
        self._conversation = conversation
        self._clock = clock
        self._key = key
        self._over = False
        self._sent_at = clock.seconds()
        self._beat: IDelayedCall | None = None
        self._ready: Deferred[None] | None = Deferred()
        self._closed: Deferred[None] = Deferred()
        self.heard = _ignore
        self.lost = _ignore
        socket.on_text = self._text_received
        socket.on_close = self._closed_by_service

    def open(self) -> "Deferred[None]":
        """Say what comes first; fires when the service takes audio, fails with EngineFailed."""
        assert self._ready is not None
        ready = self._ready
        self._send(self._conversation.opening())
        if self._conversation.keep_alive is not None:
            self._beat = self._clock.callLater(KEEP_ALIVE_SECONDS, self._keep_alive)
        if self._conversation.is_ready:
            self._is_ready()
        return ready

    def began(self, segment: int) -> None:
        """A segment begins."""
        self._conversation.began(segment)

    def audio(self, pcm: bytes) -> None:
        """Send audio of the open segment."""
        self._send(self._conversation.audio(pcm))

    def ended(self) -> None:
        """Ask for the text of the open segment."""
        self._send(self._conversation.ended())

    def close(self) -> "Deferred[None]":
        """Say farewell; fires when the connection is gone."""
        if not self._over:
            farewell = self._conversation.farewell
            self._send(() if farewell is None else (farewell,))
            self._end()
            self._socket.close()
        late = None
        if not self._closed.called:
            late = self._clock.callLater(CLOSE_SECONDS, self._socket.abort)
        gone: Deferred[None] = Deferred()
        self._closed.chainDeferred(gone)

        def settled(_: None) -> None:
            if late is not None and late.active():
                late.cancel()

        return gone.addCallback(settled)

    def drop(self) -> None:
        """End the connection at once, without a word to ``lost``."""
        self._end()
        self._socket.abort()

    # ---- what comes --------------------------------------------------------------------

    def _text_received(self, text: bytes) -> None:
        if self._over:
            return
        try:
            events = self._conversation.received(text)
        except JsonError as problem:
            self._fail(EngineFailed(self._told(f"sent what is none of its messages: {problem}")))
            return
        for event in events:
            if self._over:
                return
            self._event(event)

    def _event(self, event: Heard) -> None:
        if isinstance(event, Ready):
            self._is_ready()
        elif not isinstance(event, Refusal):
            self.heard(event)
        elif event.scope == "segment":
            self.heard(Refusal(self._told(f"said {event.message}"), "segment", event.segment))
        else:
            self._fail(self._refusal(event))

    def _refusal(self, event: Refusal) -> EngineFailed:
        words = self._told(f"said {event.message}")
        if event.scope == "session":
            return ServiceRefused(words)
        return ServiceBusy(words) if event.scope == "busy" else EngineFailed(words)

    def _is_ready(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ready.callback(None)

    def _closed_by_service(self, code: int, reason: str) -> None:
        if not self._closed.called:
            self._closed.callback(None)
        if not self._over:
            why = f"closed the connection ({code}{f', {reason}' if reason else ''})"
            self._fail(EngineFailed(self._told(why)))

    def _fail(self, problem: EngineFailed) -> None:
        """The connection is of no use any more; the first reason is told."""
        self.drop()
        ready, self._ready = self._ready, None
        if ready is not None:
            ready.errback(problem)
        else:
            self.lost(problem)

    # ---- what is sent ------------------------------------------------------------------

    def _send(self, messages: Iterable[Message]) -> None:
        """Send *messages*; on a connection that closes they are lost, and it is told soon."""
        if self._over:
            return
        try:
            for message in messages:
                if isinstance(message, str):
                    self._socket.send_text(message)
                else:
                    self._socket.send_binary(message)
        except ConnectionClosed:
            return
        self._sent_at = self._clock.seconds()

    def _keep_alive(self) -> None:
        keep_alive = self._conversation.keep_alive
        assert keep_alive is not None
        silent = self._clock.seconds() - self._sent_at
        if silent >= KEEP_ALIVE_SECONDS:
            self._send([keep_alive])
            silent = 0.0
        self._beat = self._clock.callLater(KEEP_ALIVE_SECONDS - silent, self._keep_alive)

    def _end(self) -> None:
        self._over = True
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _told(self, words: str) -> str:
        return without(f"{self._service} {words}", self._key)


def _ignore(_: object) -> None:
    """The callback that nobody has set."""
