"""Audio from a file, at the pace of real time or as fast as it is taken."""

from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from car.voice.errors import InvalidRequest, SourceFailed
from car.voice.records import AudioFile
from car.voice.resampling import check_format
from car.voice.ring import SAMPLE_BYTES
from car.voice.sources.source import OnAudio, OnEnd, Source
from car.voice.wav import AudioReader, open_audio

REALTIME_SECONDS = 0.1
"""How much audio is given at once at the pace of real time [ours]."""

FAST_SECONDS = 0.5
"""How much is given at once without a pace [ours]; the reactor turns between any two."""


def open_reader(source: AudioFile) -> AudioReader:
    """Open the file of *source*; blocks.  Raises InvalidRequest or MissingComponent."""
    reader = open_audio(source.path)
    try:
        check_format(reader.sample_rate, reader.channels)
    except InvalidRequest:
        reader.close()
        raise
    return reader


class FileSource(Source):
    """Gives what *reader* reads, and closes it in the end.

    *reactor* provides IReactorTime and IReactorThreads.  With *paced*, a piece is given when
    all of it would have been heard; else at once.
    """

    def __init__(
        self, reactor: Any, reader: AudioReader, paced: bool, on_audio: OnAudio, on_end: OnEnd
    ) -> None:
        super().__init__("file", reader.sample_rate, reader.channels, on_audio, on_end)
        self._reactor = reactor
        self._reader = reader
        self._paced = paced
        self._reading = False
        self._piece = b""
        self._due = 0.0
        self._giving: IDelayedCall | None = None
        self._paused_at: float | None = None

    def start(self) -> None:
        """As ``Source`` says."""
        self._due = self._reactor.seconds()
        self._read()

    def pause(self) -> None:
        """Give nothing until ``resume``; the time between does not count."""
        if self._paused_at is None:
            self._paused_at = self._reactor.seconds()
            self._give_nothing()

    def resume(self) -> None:
        """Go on after ``pause``."""
        if self._paused_at is not None:
            self._due += self._reactor.seconds() - self._paused_at
            self._paused_at = None
            self._give_in_time()

    def _read(self) -> None:
        """Have a thread read the next piece; it is the only one that uses the file."""
        self._reading = True
        frames = int(self.sample_rate * (REALTIME_SECONDS if self._paced else FAST_SECONDS))
        deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), self._reader.read, frames
        ).addCallbacks(self._was_read, self._failed)

    def _was_read(self, piece: bytes) -> None:
        self._reading = False
        if self._ended:
            self._close()
        elif not piece:
            self._end(None)
        else:
            self._piece = piece
            self._due += len(piece) / (self.sample_rate * self.channels * SAMPLE_BYTES)
            self._give_in_time()

    def _failed(self, failure: Failure) -> None:
        self._reading = False
        failure.trap(SourceFailed)
        if self._ended:
            self._close()
        else:
            self._end(failure.getErrorMessage())

    def _give_in_time(self) -> None:
        """Give the piece that was read, if there is one, when its time has come."""
        if self._piece and self._paused_at is None and not self._ended:
            wait = max(0.0, self._due - self._reactor.seconds()) if self._paced else 0.0
            self._giving = self._reactor.callLater(wait, self._give)

    def _give(self) -> None:
        self._giving = None
        piece, self._piece = self._piece, b""
        self._on_audio(piece)
        if not self._ended:
            self._read()

    def _give_nothing(self) -> None:
        if self._giving is not None:
            self._giving.cancel()
            self._giving = None

    def _release(self) -> None:
        self._give_nothing()
        if not self._reading:
            self._close()

    def _close(self) -> None:
        deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._reader.close).addBoth(
            lambda _: self._released()
        )
