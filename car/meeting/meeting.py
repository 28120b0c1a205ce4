"""Meeting: one that is under way, from its directory to its end.

``starting`` (the directory and ``meeting.json`` are there) → ``active`` → ``stopping`` (last
texts are awaited) → ``ended`` → ``summarised``.  Which meetings there are, and their limits,
is for ``registry``.
"""

from collections.abc import Callable

import msgspec
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.errors import CarError
from car.ir.instants import rfc3339
from car.meeting.captures import Capture, Captures, Ear
from car.meeting.errors import MeetingError
from car.meeting.files import AudioTrack, MeetingFiles, TranscriptFile
from car.meeting.queue import WriteQueue
from car.meeting.records import MeetingMetadata, MeetingRecord, NewMeeting, State
from car.meeting.transcript import Heard, TranscriptSink
from car.store.thread import InThread
from car.voice.interfaces import IVoiceEventSink
from car.voice.records import Mic, System

_log = Logger()

LAST_SECONDS = 10.0
"""How long the last texts are waited for (``subsystem-meeting.md``, State machine)."""

Ingest = Callable[[str, IVoiceEventSink, Callable[[str], str]], IVoiceEventSink]
"""Puts a sink in front of another for the meeting of that id; the function names a source."""


class Meeting:
    """One meeting.  *files* are those of its root, *in_thread* writes them.

    *on_full* is called when its lines cannot be written any more.
    """

    def __init__(
        self,
        metadata: MeetingMetadata,
        files: MeetingFiles,
        captures: Captures,
        in_thread: InThread,
        now: Callable[[], float],
        on_full: Callable[[], object],
    ) -> None:
        self.metadata = metadata
        self.files = files
        self.state: State = "starting"
        self._captures = captures
        self._in_thread = in_thread
        self._now = now
        self._on_full = on_full
        self._file: TranscriptFile | None = None
        self._lines: WriteQueue
        self._sink: TranscriptSink
        self._chain: IVoiceEventSink
        self._listening: list[tuple[Capture, Ear]] = []
        self._tracks: dict[str, tuple[AudioTrack, WriteQueue] | None] = {}
        """By source; None where its audio is not kept any more."""

    # ---- its beginning ---------------------------------------------------------------------

    async def start(self, new: NewMeeting, upstream: IVoiceEventSink, ingest: Ingest) -> None:
        """Make the directory, then listen to every source.

        Fails with MeetingError or VoiceError; then nothing is listened to, and the directory
        is gone, or closed where a line was written.
        """
        self._lines = WriteQueue(self._in_thread, self._append, self._not_written)
        meeting_id = self.metadata.id
        sink = TranscriptSink(meeting_id, self._lines, upstream, self._now, self._on_full)
        self._sink = sink
        self._chain = ingest(meeting_id, sink, sink.source_of)
        # Its client may leave from here on.
        try:
            self._file = await self._created()
            await self._listen(new)
        except (CarError, CancelledError) as problem:
            if self._file is not None:
                await self._give_up()
            if isinstance(problem, CancelledError):
                raise MeetingError(f"meeting '{meeting_id}' was given up") from None
            raise
        self.state = "active"

    def _created(self) -> "Deferred[TranscriptFile]":
        """Make the directory; fires with the transcript, fails with MeetingError.

        Cancelling gives up the waiting; what is made nevertheless is removed.
        """
        waiter: Deferred[TranscriptFile] = Deferred()

        def made(file: TranscriptFile) -> "Deferred[None] | None":
            if not waiter.called:
                waiter.callback(file)
                return None
            file.close()
            removed: Deferred[None] = self._in_thread(self.files.remove, self.metadata.id)
            return removed

        def not_made(failure: Failure) -> None:
            if not waiter.called:
                waiter.errback(failure)

        making: Deferred[TranscriptFile] = self._in_thread(self.files.create, self.metadata)
        making.addCallbacks(made, not_made).addErrback(self._defect, "what was made at first")
        return waiter

    async def _listen(self, new: NewMeeting) -> None:
        begun: float | None = None
        for name, source in new.sources.items():
            told_id = self.metadata.id
            if isinstance(source, Mic | System):
                told_id = f"{self.metadata.id}:{name}"
            ear = self._ear(told_id, name)
            self._sink.sources[told_id] = Heard(name)
            capture = await self._captures.join(told_id, source, new.options, ear)
            self._listening.append((capture, ear))
            if begun is None:
                begun = self._now()
            # Negative for a session that another meeting had begun.
            self._sink.sources[told_id] = Heard(name, round((capture.began - begun) * 1000))

    def _ear(self, told_id: str, name: str) -> Ear:
        """What is done with what *name* gives; its events are told under *told_id*."""

        def heard(event: str) -> None:
            self._chain.send(told_id, event)

        def tapped(sample_rate: int, channels: int, pcm: bytes) -> None:
            if self.metadata.persist_audio:
                self._keep_audio(name, sample_rate, channels, pcm)

        return Ear(heard, tapped)

    async def _give_up(self) -> None:
        """Undo a start that failed; what that meets in turn is logged."""
        try:
            await self._hang_up(0.0)
            if self._sink.written:
                await self._end(self.metadata.started_at)
            else:
                await self._in_thread(self.files.remove, self.metadata.id)
        except CarError as problem:
            _log.error("meeting {id}: {problem}", id=self.metadata.id, problem=problem)

    # ---- its end ---------------------------------------------------------------------------

    async def stop(self) -> MeetingRecord:
        """Listen no more; fires with the whole meeting once its last texts are on the disk.

        Texts are waited for ten seconds at most.  Fails with FilesFailed.
        """
        self.state = "stopping"
        await self._hang_up(LAST_SECONDS)
        await self._end(rfc3339(self._now()))
        self.state = "ended"
        record: MeetingRecord = await self._in_thread(self.files.read, self.metadata.id)
        return record

    async def summarised(self, summary: str) -> None:
        """Keep a summary.  Fails with FilesFailed."""
        await self._store(msgspec.structs.replace(self.metadata, summary=summary))
        self.state = "summarised"

    async def _hang_up(self, seconds: float) -> None:
        """Leave every capture, close every file; fires when nothing is open."""
        listening, self._listening = self._listening, []
        leaving = [
            Deferred.fromCoroutine(self._captures.leave(capture, ear, seconds))
            for capture, ear in listening
        ]
        await DeferredList([left.addErrback(self._defect, "a voice session") for left in leaving])
        for name, kept in self._tracks.items():
            if kept is not None:
                track, queue = kept
                await queue.drained()
                closing: Deferred[object] = self._in_thread(track.close)
                await closing.addErrback(self._defect, f"the audio of {name}")
        unwritten = await self._lines.drained()
        if unwritten:
            _log.error(
                "meeting {id}: {count} lines of the transcript were not written",
                id=self.metadata.id,
                count=unwritten,
            )
        file, self._file = self._file, None
        if file is not None:
            await self._in_thread(file.close)

    async def _end(self, ended_at: str) -> None:
        await self._store(msgspec.structs.replace(self.metadata, ended_at=ended_at))

    async def _store(self, metadata: MeetingMetadata) -> None:
        await self._in_thread(self.files.write, metadata)
        self.metadata = metadata

    # ---- meanwhile -------------------------------------------------------------------------

    def client_left(self) -> None:
        """Whoever started it has gone: it goes on without telling them."""
        self._sink.client_left()

    def complain(self, message: str, *, fatal: bool = False) -> None:
        """Tell the client of something that went wrong."""
        self._sink.complain(message, fatal=fatal)

    def _keep_audio(self, name: str, sample_rate: int, channels: int, pcm: bytes) -> None:
        if name not in self._tracks:
            directory = self.files.root / self.metadata.id
            track = AudioTrack(directory, name, sample_rate, channels)
            queue = WriteQueue(
                self._in_thread, track.append, lambda problem: self._keep_none(name, problem)
            )
            self._tracks[name] = track, queue
        kept = self._tracks[name]
        if kept is not None and not kept[1].put(pcm):
            self._keep_none(name, "the disk is too slow")

    def _keep_none(self, name: str, problem: str) -> None:
        """The audio of a source is not kept from now on: a file with holes would mislead."""
        self._tracks[name] = None
        self.complain(f"the audio of '{name}' is kept no more: {problem}")

    def _append(self, lines: bytes) -> None:
        assert self._file is not None
        self._file.append(lines)

    def _not_written(self, problem: str) -> None:
        self.complain(f"the transcript waits to be written: {problem}")

    def _defect(self, failure: Failure, what: str) -> None:
        _log.failure("meeting {id}: {what}", failure, id=self.metadata.id, what=what)
