"""What all sources of audio have in common."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from car.voice.errors import InvalidRequest

OnAudio = Callable[[bytes], None]
"""Takes s16le audio, interleaved, in the reactor's thread; must not raise."""

OnEnd = Callable[[str | None], None]
"""Hears that no more audio comes: None at the source's own end, else a sentence about what failed.
Called once at most, and never after ``stop``; must not raise."""


class Source:
    """A source of s16le audio of ``sample_rate`` and ``channels``; *kind* as requests name it."""

    def __init__(
        self, kind: str, sample_rate: int, channels: int, on_audio: OnAudio, on_end: OnEnd
    ) -> None:
        self.kind = kind
        self.sample_rate = sample_rate
        self.channels = channels
        self._on_audio = on_audio
        self._on_end = on_end
        self._ended = False
        self._is_released = False
        self._stops: list[Deferred[None]] = []

    def start(self) -> None:
        """Begin to give audio; ``open_source`` does this."""

    def push(self, pcm: bytes) -> None:
        """Give *pcm* from outside.  Raises InvalidRequest where the audio comes from elsewhere."""
        raise InvalidRequest(
            f"audio can be pushed where audio_source.kind is 'pcm_push', and it is '{self.kind}'"
        )

    def pause(self) -> None:
        """Give no audio until ``resume``, where it can wait: in a file or a pipe."""

    def resume(self) -> None:
        """Go on after ``pause``."""

    def stop(self) -> "Deferred[None]":
        """Give no more audio; fires when everything is let go of.  May be called again."""
        if not self._ended:
            self._ended = True
            self._release()
        stopped: Deferred[None] = Deferred()
        self._stops.append(stopped)
        if self._is_released:
            self._released()
        return stopped

    def _end(self, problem: str | None) -> None:
        """No more audio comes: let go of everything, and tell."""
        if not self._ended:
            self._ended = True
            self._release()
            self._on_end(problem)

    def _release(self) -> None:
        """Begin to let go of what is held; called once, and ``_released`` says it is done."""
        raise NotImplementedError

    def _released(self) -> None:
        """Everything is let go of."""
        self._is_released = True
        stops, self._stops = self._stops, []
        for stopped in stops:
            stopped.callback(None)
