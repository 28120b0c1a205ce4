"""Audio from a microphone, by PortAudio; by ``parec`` where that is missing or finds none.

PortAudio calls back in a thread of its own, which appends to a ring; the reactor takes it from
there.
"""

import importlib
import shutil
from typing import Any

from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from car.components import own_distribution
from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed
from car.voice.records import Mic
from car.voice.ring import RingBuffer
from car.voice.sources.parec import DEFAULT_INPUT, open_parec
from car.voice.sources.source import OnAudio, OnEnd, Source

_log = Logger()

BLOCK_SECONDS = 0.032
"""How much audio PortAudio hands over at once: a frame [ours]."""

NO_DEVICE = (
    "no audio input device; on Linux check that PulseAudio/PipeWire runs and your user is in "
    "the 'audio' group, or use audio_source pcm_push"
)
"""``subsystem-voice.md``, Missing component texts."""


async def open_mic(reactor: Any, source: Mic, on_audio: OnAudio, on_end: OnEnd) -> Source:
    """The microphone of *source*, running.

    *reactor* provides IReactorThreads, and IReactorProcess and IReactorTime for ``parec``.
    Raises MissingComponent without a library or a device, InvalidRequest for a device that is
    none, SourceFailed for one that cannot be used.
    """
    pool = reactor.getThreadPool()
    library = await deferToThreadPool(reactor, pool, _portaudio)
    has_parec = shutil.which("parec") is not None
    if library is not None:
        try:
            mic: Source = await deferToThreadPool(
                reactor, pool, MicSource, reactor, library, source.device, on_audio, on_end
            )
            return mic
        except MissingComponent:
            # PortAudio lists devices once in a process; PulseAudio knows those that came later.
            if not has_parec:
                raise
    elif not has_parec:
        raise MissingComponent(await deferToThreadPool(reactor, pool, _no_portaudio))
    return await _open_by_parec(reactor, source, on_audio, on_end)


async def _open_by_parec(reactor: Any, source: Mic, on_audio: OnAudio, on_end: OnEnd) -> Source:
    device = DEFAULT_INPUT if source.device is None else source.device
    if isinstance(device, int):
        raise InvalidRequest(
            f"audio_source.device must be the name of a PulseAudio source, as PortAudio has "
            f"no input, and is the number {device}"
        )
    try:
        return await open_parec(reactor, "mic", device, on_audio, on_end)
    except SourceFailed as problem:
        if source.device is not None:
            raise
        _log.info("no default microphone: {problem}", problem=problem)
        raise MissingComponent(NO_DEVICE) from None


def _portaudio() -> Any:
    """The library ``sounddevice``; None where it or PortAudio is missing.  Blocks."""
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError):  # the latter without PortAudio
        return None


def _no_portaudio() -> str:
    return (
        "microphone capture needs PortAudio (Debian: libportaudio2) and "
        f'pip install "{own_distribution()}[audio]"'
    )


class MicSource(Source):
    """A microphone, which runs from now on; what it gives waits for ``start``.

    Made in a thread, as opening a device blocks.  Mono, at the rate that the device likes.
    Being live it cannot pause.  Raises as ``open_mic``.
    """

    def __init__(
        self,
        reactor: Any,
        library: Any,
        device: str | int | None,
        on_audio: OnAudio,
        on_end: OnEnd,
    ) -> None:
        rate = int(_input_device(library, device)["default_samplerate"])
        super().__init__("mic", rate, 1, on_audio, on_end)
        self._reactor = reactor
        self._ring = RingBuffer(rate, 1)
        self._started = False
        self._called = False
        try:
            self._stream = library.RawInputStream(
                samplerate=rate,
                blocksize=int(rate * BLOCK_SECONDS),
                device=device,
                channels=1,
                dtype="int16",
                callback=self._block_captured,
                finished_callback=self._stream_finished,
            )
        except library.PortAudioError as problem:
            raise _failed(problem) from None
        try:
            self._stream.start()
        except library.PortAudioError as problem:
            self._ended = True
            self._stream.close()
            raise _failed(problem) from None

    def start(self) -> None:
        """As ``Source`` says."""
        self._started = True
        self._hand_over()

    def _block_captured(self, block: Any, frames: int, time: Any, status: Any) -> None:
        """PortAudio has a block, which it uses again; its own thread is here."""
        self._ring.append(bytes(block))
        if not self._called:
            self._called = True
            self._reactor.callFromThread(self._hand_over)

    def _stream_finished(self) -> None:
        """The stream has stopped, by us or by itself; PortAudio's thread is here."""
        self._reactor.callFromThread(self._end, "the microphone gives no audio any more")

    def _hand_over(self) -> None:
        self._called = False
        if self._started and not self._ended:
            pcm = self._ring.take(len(self._ring))
            if pcm:
                self._on_audio(pcm)

    def _release(self) -> None:
        deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), self._stream.close
        ).addErrback(lambda failure: _log.failure("closing a microphone", failure)).addCallback(
            lambda _: self._released()
        )


def _failed(problem: Exception) -> SourceFailed:
    return SourceFailed(f"the microphone cannot be opened: {problem}")


def _input_device(library: Any, device: str | int | None) -> dict[str, Any]:
    """PortAudio's record of *device*, by default of the default one."""
    inputs = [row["name"] for row in library.query_devices() if row["max_input_channels"] > 0]
    if not inputs:
        raise MissingComponent(NO_DEVICE)
    try:
        found: dict[str, Any] = library.query_devices(device, "input")
    except (ValueError, OverflowError, library.PortAudioError) as problem:
        if device is None:
            raise MissingComponent(NO_DEVICE) from None
        raise InvalidRequest(
            f"audio_source.device must be one of {', '.join(map(repr, inputs))}: {problem}"
        ) from None
    return found
