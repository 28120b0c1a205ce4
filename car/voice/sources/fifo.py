"""Audio from a named pipe, whose writer may come later."""

import os
import stat
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.fdesc import readFromFD
from twisted.python.failure import Failure

from car.voice.errors import InvalidRequest
from car.voice.records import Fifo
from car.voice.resampling import check_format
from car.voice.sources.source import OnAudio, OnEnd, Source


class FifoSource(Source):
    """Gives what is written to the pipe; ends when its writer has closed it.

    *reactor* provides IReactorFDSet.  Raises InvalidRequest.
    """

    def __init__(self, reactor: Any, source: Fifo, on_audio: OnAudio, on_end: OnEnd) -> None:
        check_format(source.sample_rate, source.channels)
        super().__init__("fifo", source.sample_rate, source.channels, on_audio, on_end)
        self._pipe = _Pipe(reactor, _open(source.path), self)

    def start(self) -> None:
        """As ``Source`` says."""
        self._pipe.startReading()

    def pause(self) -> None:
        """Read nothing until ``resume``: the writer waits when the pipe is full."""
        if not self._ended:
            self._pipe.stopReading()

    def resume(self) -> None:
        """Go on after ``pause``."""
        if not self._ended:
            self._pipe.startReading()

    def octets_read(self, data: bytes) -> None:
        """The pipe had *data*."""
        self._on_audio(data)

    def pipe_ended(self) -> None:
        """The writer has closed the pipe."""
        self._end(None)

    def _release(self) -> None:
        self._pipe.close()
        self._released()


class _Pipe(FileDescriptor):
    """The reading end of the pipe."""

    def __init__(self, reactor: Any, descriptor: int, source: FifoSource) -> None:
        super().__init__(reactor)
        self._descriptor = descriptor
        self._source = source

    def fileno(self) -> int:
        return self._descriptor

    def doRead(self) -> Exception | None:
        lost: Exception | None = readFromFD(self._descriptor, self._source.octets_read)
        return lost

    def connectionLost(self, reason: Failure) -> None:
        self._source.pipe_ended()

    def close(self) -> None:
        """Read no more."""
        self.stopReading()
        os.close(self._descriptor)
        self._descriptor = -1


def _open(path: str) -> int:
    """The reading end of the pipe *path*; does not wait for a writer."""
    if not os.path.isabs(path) or "\0" in path:
        raise InvalidRequest(f"audio_source.path: expected an absolute path, not '{path}'")
    try:
        if not stat.S_ISFIFO(os.stat(path).st_mode):
            raise InvalidRequest(f"audio_source.path must name a named pipe, and {path} is none")
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise InvalidRequest(
            f"audio_source.path: the pipe {path} cannot be opened: {problem.strerror}"
        ) from None
