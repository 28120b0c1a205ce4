"""Binary frames from one client: audio for its voice sessions.

A frame has no answer, so that what is wrong with it becomes an ``error`` event, once until it
is right again.
"""

from collections.abc import Callable

from car.proto.voice_frames import Tag, VoiceFrameError, read_frame
from car.voice.errors import UnknownSession, VoiceError

MOST_IDS = 64
"""Of so many sessions is remembered what came last and what was complained of [ours]."""

Push = Callable[[str, bytes], object]
"""Gives a session audio; raises VoiceError."""

Complain = Callable[[str, str], None]
"""Tells the client of a session what is wrong with its frames; the id is empty for none."""


class VoiceIntake:
    """Takes the frames of one connection; ``unknown`` counts those for no session of its own."""

    def __init__(self, push: Push, complain: Complain) -> None:
        self.unknown = 0
        self._push = push
        self._complain = complain
        self._next: dict[str, int] = {}
        self._complained: set[str] = set()
        self._strangers: set[str] = set()

    def frame_received(self, octets: bytes) -> None:
        """Take one binary message."""
        try:
            frame = read_frame(octets)
            if frame.tag is not Tag.PCM_IN:
                raise VoiceFrameError(f"a client sends voice frames of kind 1, not {frame.tag:d}")
        except VoiceFrameError as problem:
            self._complain_once(self._complained, "", str(problem))
            return
        self._complained.discard("")
        try:
            self._push(frame.id, frame.payload)
        except UnknownSession as problem:
            self.unknown += 1
            self._complained.discard(frame.id)
            self._complain_once(self._strangers, frame.id, str(problem))
            return
        except VoiceError as problem:
            self._complain_once(self._complained, frame.id, str(problem))
        else:
            self._complained.discard(frame.id)
        self._strangers.discard(frame.id)
        self._note(frame.id, frame.sequence)

    def _note(self, session_id: str, sequence: int) -> None:
        """Tell of a gap before *sequence*, unless that begins anew."""
        expected = self._next.pop(session_id, sequence)
        if sequence not in (expected, 0):
            text = f"binary frame {expected} was expected and {sequence} came"
            self._complain(session_id, text)
        if len(self._next) >= MOST_IDS:
            del self._next[next(iter(self._next))]
        self._next[session_id] = sequence + 1

    def _complain_once(self, told: set[str], session_id: str, text: str) -> None:
        """Complain unless that is in *told*; ids that a client thinks up crowd out no session's."""
        if session_id not in told and len(told) < MOST_IDS:
            told.add(session_id)
            self._complain(session_id, text)
