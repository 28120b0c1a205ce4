"""Audio that the client pushes."""

from car.voice.errors import InvalidRequest
from car.voice.records import PcmPush
from car.voice.resampling import check_format
from car.voice.sources.source import OnAudio, OnEnd, Source

MAX_PUSH_BYTES = 1024 * 1024
"""The most that one push may hold (``subsystem-voice.md``, Back-pressure)."""


class PushSource(Source):
    """Passes on what is pushed."""

    def __init__(self, source: PcmPush, on_audio: OnAudio, on_end: OnEnd) -> None:
        check_format(source.sample_rate, source.channels)
        super().__init__("pcm_push", source.sample_rate, source.channels, on_audio, on_end)

    def push(self, pcm: bytes) -> None:
        """Give *pcm*, of any length up to MAX_PUSH_BYTES.  Raises InvalidRequest for more."""
        if len(pcm) > MAX_PUSH_BYTES:
            raise InvalidRequest(
                f"a push holds at most {MAX_PUSH_BYTES} octets of audio, and this has {len(pcm)}"
            )
        if not self._ended:
            self._on_audio(pcm)

    def _release(self) -> None:
        self._released()
