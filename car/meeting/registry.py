"""MeetingRegistry: the meetings of one daemon that are under way.

Ids are global.  A meeting belongs to nobody: its client may leave, and any other may stop it.
What one meeting does stands in ``meeting``, what is stored in ``files``.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.errors import CarError
from car.ir.instants import rfc3339
from car.meeting.captures import Captures, Voices
from car.meeting.errors import (
    InvalidMeeting,
    MeetingError,
    MeetingExists,
    NotActive,
    TooManyMeetings,
)
from car.meeting.files import MeetingFiles, check_id
from car.meeting.meeting import Ingest, Meeting
from car.meeting.records import MeetingMetadata, MeetingRecord, NewMeeting, StoppedMeeting
from car.store.thread import InThread
from car.voice.interfaces import IVoiceEventSink

_log = Logger()

MOST_MEETINGS = 8
LONGEST_SECONDS = 12 * 3600.0
"""How many meetings are active at a time, and for how long (``subsystem-meeting.md``, Limits)."""

Summarise = Callable[[MeetingRecord], "Deferred[str]"]
"""Fires with the summary of a meeting; fails with a CarError that says why there is none."""


class Host(Struct, frozen=True, kw_only=True):
    """Who starts a meeting, and where its events go.

    *upstream* takes them for the connection *client_id*; *ingest* puts memory in front;
    *released* is called once, when the meeting needs neither any more or could not begin.
    """

    client_id: str
    upstream: IVoiceEventSink
    ingest: Ingest
    released: Callable[[], object]


class _Active(Struct, eq=False):
    """A meeting under way, and what is to be let go of with it."""

    meeting: Meeting
    host: Host
    limit: IDelayedCall | None = None
    over: "list[Deferred[None]]" = msgspec.field(default_factory=list)


class MeetingRegistry:
    """Starts and stops meetings.

    *voices* are the voice sessions, looked up at each use; *in_thread* is where files are
    written; *new_id* makes 32 hex digits; *now* gives seconds since the epoch.
    """

    def __init__(
        self,
        voices: Callable[[], Voices],
        clock: IReactorTime,
        now: Callable[[], float],
        in_thread: InThread,
        new_id: Callable[[], str],
        summarise: Summarise,
    ) -> None:
        self._clock = clock
        self._now = now
        self._in_thread = in_thread
        self._new_id = new_id
        self._summarise = summarise
        self._captures = Captures(voices, clock, now, new_id)
        self._active: dict[str, _Active] = {}

    @property
    def ids(self) -> list[str]:
        """The ids of the meetings under way."""
        return list(self._active)

    # ---- starting --------------------------------------------------------------------------

    async def start(self, new: NewMeeting, files: MeetingFiles, host: Host) -> MeetingMetadata:
        """Hold a meeting, stored in *files*; fires with its metadata once all is listened to.

        Fails with MeetingError or VoiceError, and then nothing is left of it, unless somebody
        had been understood already.
        """
        try:
            metadata = self._metadata(new)
        except MeetingError:
            host.released()
            raise
        meeting_id = metadata.id
        meeting = Meeting(
            metadata,
            files,
            self._captures,
            self._in_thread,
            self._now,
            lambda: self._stop_by_itself(meeting_id),
        )
        active = self._active[meeting_id] = _Active(meeting, host)
        try:
            await meeting.start(new, host.upstream, host.ingest)
        except CarError:
            self._release(active)
            raise
        active.limit = self._clock.callLater(LONGEST_SECONDS, self._too_long, meeting_id)
        if active.over:
            self._stop_unsummarised(meeting_id)  # all were to stop while it was starting
        return metadata

    def _metadata(self, new: NewMeeting) -> MeetingMetadata:
        """What is known of a new meeting; raises MeetingError where it cannot be held."""
        if not new.sources:
            raise InvalidMeeting("sources must contain at least one of: mic, system")
        meeting_id = self._new_id() if new.id is None else check_id(new.id)
        if meeting_id in self._active:
            raise MeetingExists(f"meeting '{meeting_id}' is active already; choose another id")
        if len(self._active) >= MOST_MEETINGS:
            raise TooManyMeetings(f"{MOST_MEETINGS} meetings are active already; stop one first")
        return MeetingMetadata(
            id=meeting_id,
            title=new.title,
            started_at=rfc3339(self._now()),
            sources=list(new.sources),
            persist_audio=new.persist_audio,
            model=new.options.model,
            language=new.options.language,
        )

    # ---- stopping --------------------------------------------------------------------------

    def stop(self, meeting_id: str, *, summarise: bool = True) -> "Deferred[StoppedMeeting]":
        """Stop a meeting; fires with all of it once it is stored, and summarised if asked to.

        Cancelling only forgets the waiter.  Raises NotActive, also for one that is being
        stopped already; fails with FilesFailed.
        """
        active = self._active.get(meeting_id)
        if active is None or active.meeting.state != "active":
            raise NotActive(f"stop_meeting: meeting id '{meeting_id}' is not active")
        waiter: Deferred[StoppedMeeting] = Deferred()
        Deferred.fromCoroutine(self._stop(active, summarise)).chainDeferred(waiter)
        return waiter

    async def _stop(self, active: _Active, summarise: bool) -> StoppedMeeting:
        if active.limit is not None:
            active.limit.cancel()
        try:
            record = await active.meeting.stop()
            del self._active[record.id]
            summary_error: str | UnsetType = UNSET
            if summarise:
                summary_error = await self._summed_up(active.meeting, record)
        finally:
            self._release(active)
        members = {**msgspec.structs.asdict(record), "summary": active.meeting.metadata.summary}
        return StoppedMeeting(**members, summary_error=summary_error)

    async def _summed_up(self, meeting: Meeting, record: MeetingRecord) -> str | UnsetType:
        """Store a summary, or answer why there is none."""
        try:
            await meeting.summarised(await self._summarise(record))
        except CarError as problem:
            return str(problem)
        return UNSET

    def _release(self, active: _Active) -> None:
        """Let go of a meeting that is over."""
        if self._active.get(active.meeting.metadata.id) is active:
            del self._active[active.meeting.metadata.id]
        active.host.released()
        for waiter in active.over:
            waiter.callback(None)

    def _too_long(self, meeting_id: str) -> None:
        active = self._active[meeting_id]
        active.limit = None
        hours = round(LONGEST_SECONDS / 3600)
        active.meeting.complain(f"meeting '{meeting_id}' ends after {hours} hours", fatal=True)
        self._stop_by_itself(meeting_id)

    def _stop_by_itself(self, meeting_id: str) -> None:
        """Stop a meeting that nobody asked to be stopped."""
        if self._active[meeting_id].meeting.state == "active":
            self.stop(meeting_id).addErrback(self._not_stopped, meeting_id)

    def _not_stopped(self, failure: Failure, meeting_id: str) -> None:
        _log.failure("meeting {id} was not stopped", failure, id=meeting_id)

    def session_closed(self, client_id: str) -> None:
        """A connection has gone: its meetings go on without it."""
        for active in self._active.values():
            if active.host.client_id == client_id:
                active.meeting.client_left()

    def stop_all(self) -> "Deferred[Any]":
        """Stop every meeting, without summaries; fires when all are stored."""
        waiting: list[Deferred[None]] = []
        for meeting_id, active in list(self._active.items()):
            active.over.append(Deferred())
            waiting.append(active.over[-1])
            if active.meeting.state == "active":
                self._stop_unsummarised(meeting_id)
        return DeferredList(waiting)

    def _stop_unsummarised(self, meeting_id: str) -> None:
        stopping = self.stop(meeting_id, summarise=False)
        stopping.addErrback(self._not_stopped, meeting_id)
