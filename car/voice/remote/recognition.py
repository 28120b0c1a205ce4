"""RemoteRecognition: a voice session's segments at a service, over connections that may be lost.

Audio is kept until its text is there.  With a connection what it was told is lost; the next one
is told again, once a segment.  What the messages are, the conversations know.
"""

from collections import deque
from collections.abc import Callable
from itertools import count

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from car.voice.errors import CLOSED, EngineFailed, VoiceError
from car.voice.interfaces import IRecognition
from car.voice.remote.conversation import OCTETS_A_MS, Final, Guess, Heard, Refusal
from car.voice.remote.link import Link, ServiceBusy, ServiceRefused

_log = Logger()

FINAL_SECONDS = 10.0
"""How long after its end the text of a segment may take (the issue's bound)."""

MOST_ATTEMPTS = 2
"""On how many connections a segment is tried."""

MOST_KEPT_MS = 60_000
"""How much audio waits for its text at most [ours]: three of the longest segments."""

_PIECE = 100 * OCTETS_A_MS
"""What is gathered of an open segment before it is sent [ours]."""

_PIECES_A_TURN = 3
"""How much is sent before others have their turn [ours]: 1.3 ms of work, at 24 kHz in base64."""


class _Segment:
    """Audio, how much of it the present connection has, and who waits for the text."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pcm = bytearray()
        self.sent = 0
        self.is_begun = False
        self.is_asked = False
        self.attempts = 0
        self.text: Deferred[str] | None = None
        self.deadline: IDelayedCall | None = None
        self.outcome: str | VoiceError | None = None

    def restart(self) -> None:
        """The connection is lost: all is to be sent again."""
        self.sent = 0
        self.is_begun = self.is_asked = False

    def settle(self, outcome: str | VoiceError) -> None:
        """Its text is there, or will not come."""
        if self.outcome is None:
            self.outcome = outcome
            self.pcm.clear()
            self.sent = 0
            if self.deadline is not None:
                self.deadline.cancel()
                self.deadline = None


@implementer(IRecognition)
class RemoteRecognition:
    """Segments at *service*, first over *link*, then over those that *connect* opens.

    *on_partial* takes what was understood of the open segment, None if nobody wants to know;
    *on_failure* what makes any further try useless.
    """

    def __init__(
        self,
        service: str,
        link: Link,
        connect: "Callable[[], Deferred[Link]]",
        clock: IReactorTime,
        on_partial: Callable[[str], object] | None,
        on_failure: Callable[[EngineFailed], object],
    ) -> None:
        self._service = service
        self._connect = connect
        self._clock = clock
        self._on_partial = on_partial
        self._on_failure = on_failure
        self._numbers = count(1)
        self._segments: deque[_Segment] = deque()
        self._connecting: Deferred[Link] | None = None
        self._next_turn: IDelayedCall | None = None
        self._dead: VoiceError | None = None
        self._is_closed = False
        self._link: Link | None = None
        self._connected(link)

    @property
    def pending_ms(self) -> int:
        """Milliseconds of audio that are not sent, or whose text is overdue: that of segments
        which others have followed already."""
        unsent = sum(len(segment.pcm) - segment.sent for segment in self._segments)
        asked = [segment.sent for segment in self._segments if segment.is_asked]
        return (unsent + sum(asked[:-1])) // OCTETS_A_MS

    def began(self) -> None:
        """Speech begins."""
        segment = _Segment(next(self._numbers))
        self._segments.append(segment)
        if self._dead is not None:
            segment.settle(self._dead)
        else:
            self._send()

    def audio(self, pcm: bytes) -> None:
        """More of the open segment."""
        segment = self._segments[-1]
        if segment.outcome is None:
            segment.pcm += pcm
            if sum(len(each.pcm) for each in self._segments) > MOST_KEPT_MS * OCTETS_A_MS:
                segment.settle(EngineFailed(f"{self._service} does not keep up with the audio"))
                self._give_up()
            else:
                self._send()

    def ended(self) -> "Deferred[str]":
        """The segment is complete; fires with its text.

        Fails with EngineFailed, or MissingKey where the key has gone meanwhile.
        """
        segment = self._segments[-1]
        text = segment.text = Deferred()
        if segment.outcome is None:
            segment.deadline = self._clock.callLater(FINAL_SECONDS, self._overdue, segment)
            self._send()
        self._tell()
        return text

    def close(self) -> "Deferred[None]":
        """Close the connection; texts that are awaited fail.  Fires when it is closed."""
        if not self._is_closed:
            self._is_closed = True
            if self._next_turn is not None:
                self._next_turn.cancel()
            if self._connecting is not None:
                self._connecting.cancel()
            self._dead = EngineFailed(CLOSED)
            self._fail_all(self._dead)
        return succeed(None) if self._link is None else self._link.close()

    # ---- connections -------------------------------------------------------------------

    def _connected(self, link: Link) -> None:
        link.heard = self._heard
        link.lost = self._lost
        self._link = link

    def _reconnect(self) -> None:
        if self._connecting is None:
            connecting = self._connecting = self._connect()
            connected = connecting.addCallbacks(self._connected_again, self._not_connected)
            connected.addErrback(self._defect)

    def _connected_again(self, link: Link) -> None:
        self._connecting = None
        self._connected(link)
        self._send()

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        failure.trap(VoiceError, CancelledError)
        if isinstance(failure.value, VoiceError):
            self._refused(failure.value)

    def _lost(self, problem: EngineFailed) -> None:
        """The connection is lost.  What waits is tried on another one, unless it was before,
        or another one would not help."""
        self._link = None
        if isinstance(problem, ServiceBusy | ServiceRefused):
            self._refused(problem)
            return
        waiting = [segment for segment in self._segments if segment.outcome is None]
        if waiting:
            _log.info("{problem}; connecting again", problem=problem)
        for segment in waiting:
            segment.attempts += 1
            segment.restart()
            if segment.attempts >= MOST_ATTEMPTS:
                segment.settle(problem)
        self._tell()
        self._send()

    def _refused(self, problem: VoiceError) -> None:
        """Nothing that waits can be served; with a ServiceRefused nor can anything later."""
        if isinstance(problem, ServiceRefused):
            self._dead = problem
            self._on_failure(problem)
        self._fail_all(problem)

    def _fail_all(self, problem: VoiceError) -> None:
        for segment in self._segments:
            segment.settle(problem)
        self._tell()

    def _give_up(self) -> None:
        """The connection is of no use: what waits beside what failed is sent on another one."""
        link, self._link = self._link, None
        if link is not None:
            link.drop()
        for segment in self._segments:
            segment.restart()
        self._tell()
        self._send()

    def _overdue(self, segment: _Segment) -> None:
        segment.deadline = None
        segment.settle(EngineFailed(f"{self._service} gave no text within {FINAL_SECONDS:g} s"))
        self._give_up()

    # ---- what is sent ------------------------------------------------------------------

    def _send(self) -> None:
        """Send what is there, some of it now and the rest in later turns of the reactor."""
        waiting = [segment for segment in self._segments if segment.outcome is None]
        if self._dead is not None or self._next_turn is not None or not waiting:
            return
        if self._link is None:
            self._reconnect()
            return
        room = _PIECES_A_TURN
        for segment in waiting:
            room = self._send_segment(segment, self._link, room)
            if not segment.is_asked:
                break
        if not room:
            self._next_turn = self._clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._next_turn = None
        self._send()

    def _send_segment(self, segment: _Segment, link: Link, room: int) -> int:
        """Send at most *room* pieces of *segment*; answers how much room is left."""
        if not segment.is_begun:
            segment.is_begun = True
            link.began(segment.number)
        has_ended = segment.text is not None
        while room and len(segment.pcm) - segment.sent >= (1 if has_ended else _PIECE):
            piece = bytes(segment.pcm[segment.sent : segment.sent + _PIECE])
            segment.sent += len(piece)
            link.audio(piece)
            room -= 1
        if has_ended and not segment.is_asked and segment.sent == len(segment.pcm):
            segment.is_asked = True
            link.ended()
        return room

    # ---- what comes --------------------------------------------------------------------

    def _heard(self, event: Heard) -> None:
        if isinstance(event, Guess):
            if self._on_partial is not None and event.text and self._is_open(event.segment):
                self._on_partial(event.text)
        elif isinstance(event, Final):
            self._settle(event.segment, event.text)
        elif isinstance(event, Refusal) and event.segment is not None:
            self._settle(event.segment, EngineFailed(event.message))

    def _is_open(self, number: int) -> bool:
        newest = self._segments[-1] if self._segments else None
        return newest is not None and newest.number == number and newest.text is None

    def _settle(self, number: int, outcome: str | VoiceError) -> None:
        for segment in self._segments:
            if segment.number == number:
                segment.settle(outcome)
        self._tell()

    def _tell(self) -> None:
        """Tell the outcomes there are, in the order of the segments."""
        while self._segments:
            segment = self._segments[0]
            if segment.text is None or segment.outcome is None:
                return
            self._segments.popleft()
            if isinstance(segment.outcome, str):
                segment.text.callback(segment.outcome)
            else:
                segment.text.errback(segment.outcome)

    def _defect(self, failure: Failure) -> None:
        _log.failure("a session with {service}", failure, service=self._service)
