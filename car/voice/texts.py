"""Texts: what was said in a session's segments, told in the order of the segments.

A segment's text and its speaker are awaited together; whichever segment is understood first, the
one that was spoken first is told first.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.voice.errors import VoiceError
from car.voice.records import Role, SessionError, Transcript

_log = Logger()

Tell = Callable[[Transcript | SessionError], None]


class Said(Struct, frozen=True, kw_only=True):
    """What was said in one segment, by whom and when; times count audio of the session."""

    text: str
    start_ms: int
    duration_ms: int
    role: Role


class _Awaited:
    """A segment whose text is awaited; ``event`` is what becomes of it, once ``done``.

    ``waiting`` wait until it has been told, or given up.
    """

    def __init__(self, start_ms: int, duration_ms: int) -> None:
        self.start_ms = start_ms
        self.duration_ms = duration_ms
        self.done = False
        self.event: Transcript | SessionError | None = None
        self.waiting: list[Deferred[None]] = []

    def is_over(self) -> None:
        """It is awaited no more."""
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            waiter.callback(None)


class Texts:
    """The texts of one session; *tell* takes a transcript, or the error in its place.

    A segment in which nothing was understood comes to nothing.  ``said`` gathers the rest.
    """

    def __init__(self, tell: Tell) -> None:
        self.said: list[Said] = []
        self._tell = tell
        self._awaited: deque[_Awaited] = deque()
        self._role_failed = False

    def add(
        self,
        start_ms: int,
        duration_ms: int,
        text: "Deferred[str]",
        role: "Deferred[Role] | None" = None,
    ) -> None:
        """Await the next segment's *text*, and whose voice it is where speakers are told apart."""
        segment = _Awaited(start_ms, duration_ms)
        self._awaited.append(segment)
        if role is not None:
            role.addErrback(self._no_role)
        understood = Deferred.fromCoroutine(self._understand(segment, text, role))
        understood.addErrback(lambda failure: _log.failure("a segment's text", failure))

    def all_told(self) -> "Deferred[None]":
        """Fires when all texts that are awaited by now have been told, or given up.

        Cancelling only forgets the waiter.
        """
        if not self._awaited:
            return succeed(None)
        waiting = self._awaited[-1].waiting
        waiting.append(Deferred(lambda waiter: waiting.remove(waiter)))
        return waiting[-1]

    def give_up(self) -> None:
        """Tell nothing of the segments whose text is not there yet."""
        given_up, self._awaited = self._awaited, deque()
        for segment in given_up:
            segment.is_over()

    async def _understand(
        self, segment: _Awaited, text: "Deferred[str]", role: "Deferred[Role] | None"
    ) -> None:
        try:
            words = await text
        except VoiceError as problem:
            segment.event = SessionError(str(problem), fatal=False)
        else:
            if words:
                by: Role = "unknown" if role is None else await role
                segment.event = Transcript(words, segment.duration_ms, by, segment.start_ms)
        segment.done = True
        self._tell_in_order()

    def _no_role(self, failure: Failure) -> Role:
        """Who spoke is not known; why is told once."""
        failure.trap(VoiceError)
        if self._awaited and not self._role_failed:
            self._role_failed = True
            self._tell(SessionError(failure.getErrorMessage(), fatal=False))
        return "unknown"

    def _tell_in_order(self) -> None:
        while self._awaited and self._awaited[0].done:
            segment = self._awaited.popleft()
            event = segment.event
            if event is not None:
                self._tell(event)
            if isinstance(event, Transcript):
                self.said.append(
                    Said(
                        text=event.text,
                        start_ms=event.start_ms,
                        duration_ms=event.duration_ms,
                        role=event.role,
                    )
                )
            segment.is_over()
