"""Voice turns: a quick answer to speak at once, and a full one that may take its time.

What a client said goes two ways at the same time.  The fast track streams an answer from a
quick model; the sidecar is the full answer.  An utterance that asks for mail, the calendar or
a search needs the full answer anyway, so that a phrase bridges the wait instead of the fast
track.  A connection has one turn at a time: a new one, or a cancel, ends the one before, and
what comes late of that is dropped.  Models are behind ``ITurnInference``; speaking is left to
speech streams.
"""

import re
from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Interface

from car.errors import CarError

_log = Logger()

SIDECAR_MS = 30_000
"""How long the full answer may take unless the client says otherwise."""

Kind = Literal["email", "calendar", "search", "unknown"]

PHRASES: dict[Kind, str] = {
    "email": "Let me check your mail.",
    "calendar": "Let me look at your calendar.",
    "search": "Let me look that up.",
    "unknown": "One moment, please.",
}
"""What is said while the full answer is awaited."""

_KINDS: tuple[tuple[Kind, "re.Pattern[str]"], ...] = (
    (
        "email",
        re.compile(
            r"\b(?:e-?mails?|inbox|gmail|outlook|unread|"
            r"(?:any|new|my|the|check|read|send|write) mails?|"
            r"(?:reply|write|forward (?:it|this|that)) (?:back )?to)\b"
        ),
    ),
    (
        "calendar",
        re.compile(
            r"\b(?:calendar|agenda|appointments?|reschedule|my (?:schedule|day|week)|"
            r"(?:next|first|any|my|a|the|cancel|move|schedule|book) (?:\w+ )?meetings?|"
            r"(?:am i|are we|i am|i'm) (?:free|busy)|remind me)\b"
        ),
    ),
    (
        "search",
        re.compile(
            r"\b(?:search|google|look (?:it |that |this )?up|browse|find out|on the web|online|"
            r"weather|forecast|latest|(?:in|on) the news|news (?:about|on)|stock price)\b"
        ),
    ),
)
"""How utterances for each kind of work look, in lower case; the first that fits wins."""


class FastDelta(Struct, frozen=True, tag="voice.turn.fast_delta"):
    """More of the quick answer."""

    turn_id: int
    text: str


class FastDone(Struct, frozen=True, tag="voice.turn.fast_done"):
    """The quick answer is complete."""

    turn_id: int


class Bridge(Struct, frozen=True, tag="voice.turn.bridge"):
    """No quick answer comes; ``phrase`` may be said until the full one is there."""

    turn_id: int
    kind: Kind
    phrase: str


class Sidecar(Struct, frozen=True, tag="voice.turn.sidecar"):
    """The full answer: the turn is over."""

    turn_id: int
    text: str


class TurnError(Struct, frozen=True, tag="voice.turn.error"):
    """There is no full answer: the turn is over."""

    turn_id: int
    error: str


class TurnCancelled(Struct, frozen=True, tag="voice.turn.cancelled"):
    """The turn was given up, by the client or for another one."""

    turn_id: int


TurnEvent = FastDelta | FastDone | Bridge | Sidecar | TurnError | TurnCancelled


class ITurnInference(Interface):
    """The models as a voice turn sees them."""

    def fast(
        utterance: str, instruction: str | None, on_text: Callable[[str], None]
    ) -> Deferred[object]:
        """Stream a quick answer in pieces to *on_text*; fires after the last one.

        *instruction* is the system prompt.  Fails with CarError.  Cancelling stops the model.
        """

    def full(utterance: str, instruction: str | None) -> Deferred[str]:
        """Fires with a full answer; fails with CarError.  Cancelling stops the model."""

    def prewarm() -> Deferred[None]:
        """Load the quick model, so that the next turn need not; fails with CarError."""


SPOKEN = (
    "Your answer is read aloud. Answer in plain spoken sentences, without lists, headings, "
    "links or code, and be brief."
)
"""The system prompt of turns whose client has none of its own."""


def utterance_kind(utterance: str) -> Kind | None:
    """What kind of work *utterance* looks like; None for plain talk."""
    text = utterance.casefold().replace("\u2019", "'")
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), None)


class TurnTimeout(CarError):
    """A full answer that took too long."""


class Turn(Struct, frozen=True, kw_only=True):
    """What a client said, and how to answer it.

    Events carry ``session_id``; ``instruction`` is the system prompt, None for none;
    ``sidecar_ms`` bounds the full answer.
    """

    session_id: str
    utterance: str
    instruction: str | None = SPOKEN
    sidecar_ms: int = SIDECAR_MS


class VoiceTurns:
    """The turns of one connection.

    *inference* provides ITurnInference; *tell* takes each event with the session id that the
    turn was dispatched under.
    """

    def __init__(
        self,
        inference: ITurnInference,
        clock: IReactorTime,
        tell: Callable[[str, TurnEvent], None],
    ) -> None:
        self._inference = inference
        self._clock = clock
        self._tell = tell
        self._number = 0
        self._running: _RunningTurn | None = None

    def dispatch(self, turn: Turn) -> int:
        """Begin a turn, ending the one before; its number.  All else comes as events, later."""
        self.cancel()
        self._number += 1
        running = self._running = _RunningTurn(self._number, turn, self._told)
        # In a turn of the reactor of its own, so that the number is known before any event.
        self._clock.callLater(0, self._begin, running)
        return running.number

    def cancel(self) -> None:
        """End the turn that runs, if there is one."""
        if self._running is not None:
            self._running.tell(TurnCancelled(self._running.number))
            self.close()

    def prewarm(self) -> "Deferred[None]":
        """Load the quick model; fires when it is there, fails with CarError."""
        return self._inference.prewarm()

    def close(self) -> None:
        """End the turn that runs without a word: it is over, or the connection has gone."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _begin(self, running: "_RunningTurn") -> None:
        if running is self._running:
            running.begin(self._inference, self._clock)

    def _told(self, running: "_RunningTurn", event: TurnEvent) -> None:
        if running is not self._running:
            return
        self._tell(running.turn.session_id, event)
        if isinstance(event, Sidecar | TurnError):
            self.close()


class _RunningTurn:
    """One turn; *told* takes its events, and drops those that come when it is over."""

    def __init__(
        self, number: int, turn: Turn, told: "Callable[[_RunningTurn, TurnEvent], None]"
    ) -> None:
        self.number = number
        self.turn = turn
        self._told = told
        self._tracks: list[Deferred[Any]] = []
        self._spoke = False

    def begin(self, inference: ITurnInference, clock: IReactorTime) -> None:
        """Start both tracks, or the sidecar behind a bridge."""
        turn = self.turn
        kind = utterance_kind(turn.utterance)
        if kind is not None:
            self._bridge(kind)
        else:
            fast = inference.fast(turn.utterance, turn.instruction, self._heard)
            self._tracks.append(fast)
            fast.addCallbacks(self._fast_done, self._fast_failed).addErrback(_defect)
        full = inference.full(turn.utterance, turn.instruction)
        self._tracks.append(full)
        full.addTimeout(turn.sidecar_ms / 1000, clock, self._too_late)
        full.addCallbacks(self._answered, self._failed).addErrback(_defect)

    def tell(self, event: TurnEvent) -> None:
        """Tell of this turn."""
        self._told(self, event)

    def stop(self) -> None:
        """Stop the models."""
        tracks, self._tracks = self._tracks, []
        for track in tracks:
            track.cancel()

    def _bridge(self, kind: Kind) -> None:
        self.tell(Bridge(self.number, kind, PHRASES[kind]))

    def _heard(self, text: str) -> None:
        self._spoke = True
        self.tell(FastDelta(self.number, text))

    def _fast_done(self, _: object) -> None:
        self.tell(FastDone(self.number))

    def _fast_failed(self, failure: Failure) -> None:
        """The full answer is still to come: bridge the wait, if nothing was said yet."""
        failure.trap(CarError, CancelledError)
        if not self._spoke:
            self._bridge("unknown")

    def _too_late(self, _result: object, seconds: float) -> str:
        raise TurnTimeout(f"there was no full answer within {seconds:g} s")

    def _answered(self, text: str) -> None:
        self.tell(Sidecar(self.number, text))

    def _failed(self, failure: Failure) -> None:
        failure.trap(CarError, CancelledError)
        self.tell(TurnError(self.number, failure.getErrorMessage()))


def _defect(failure: Failure) -> None:
    _log.failure("a voice turn met a defect", failure)
