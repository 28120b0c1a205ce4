"""Opening a source of audio, whatever its kind."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from car.voice.records import AudioFile, AudioSource, Fifo, Mic, PcmPush
from car.voice.sources.fifo import FifoSource
from car.voice.sources.file import FileSource, open_reader
from car.voice.sources.mic import open_mic
from car.voice.sources.parec import MONITOR, open_parec
from car.voice.sources.push import PushSource
from car.voice.sources.source import OnAudio, OnEnd, Source


def open_source(
    reactor: Any, source: AudioSource, on_audio: OnAudio, on_end: OnEnd
) -> "Deferred[Source]":
    """Fires with a Source, which gives audio from then on.

    *reactor* provides IReactorTime, IReactorThreads, IReactorFDSet and IReactorProcess.  Fails
    with InvalidRequest, MissingComponent or SourceFailed.  Cancelling gives up the waiting;
    what is opened nevertheless is closed.
    """
    answer: Deferred[Source] = Deferred()

    def opened(found: Source) -> None:
        if answer.called:
            found.stop()
        else:
            answer.callback(found)
            found.start()

    def failed(failure: Failure) -> None:
        if not answer.called:
            answer.errback(failure)

    Deferred.fromCoroutine(_open(reactor, source, on_audio, on_end)).addCallbacks(opened, failed)
    return answer


async def _open(reactor: Any, source: AudioSource, on_audio: OnAudio, on_end: OnEnd) -> Source:
    match source:
        case PcmPush():
            return PushSource(source, on_audio, on_end)
        case Fifo():
            return FifoSource(reactor, source, on_audio, on_end)
        case Mic():
            return await open_mic(reactor, source, on_audio, on_end)
        case AudioFile():
            reader = await deferToThreadPool(reactor, reactor.getThreadPool(), open_reader, source)
            return FileSource(reactor, reader, source.pace == "realtime", on_audio, on_end)
        case _:
            return await open_parec(reactor, "system", MONITOR, on_audio, on_end)
