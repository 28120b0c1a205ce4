"""The daemon's meetings, put together: voice sessions, memory, models, and where files lie."""

import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from car.errors import CarError
from car.meeting.errors import InvalidMeeting
from car.meeting.files import MeetingFiles
from car.meeting.records import MeetingMetadata, MeetingRecord, NewMeeting
from car.meeting.registry import Host, MeetingRegistry
from car.meeting.summary import Summariser
from car.server.inference import Inference
from car.server.interfaces import ISessionBound
from car.server.sinks import ClientVoiceEventSink, MemgineIngestSink
from car.server.voice import Voice
from car.store.thread import InThread
from car.voice.interfaces import IVoiceEventSink

if TYPE_CHECKING:
    from car.server.session import ClientSession

_log = Logger()

WITHIN_A_PROJECT = (".car", "meetings")
"""Where the meetings of a project lie in its directory (``protocol-inference.md`` §8)."""


@implementer(ISessionBound)
class Meetings(Service):
    """The meetings of all connections.

    *root* is where those are kept that name no other, None to refuse them.  *chooses* says
    whether the models of *inference* are those that its engine runs.
    """

    def __init__(
        self,
        root: Path | None,
        voice: Voice,
        inference: Inference,
        in_thread: InThread,
        clock: IReactorTime,
        now: Callable[[], float],
        *,
        chooses: bool,
    ) -> None:
        self._root = root
        self._voice = voice
        self._inference = inference
        self._in_thread = in_thread
        self._clock = clock
        self._now = now
        self._chooses = chooses
        self._recovered: set[Path] = set()
        self._recovering = DeferredLock()

    @cached_property
    def registry(self) -> MeetingRegistry:
        """The meetings under way."""
        return MeetingRegistry(
            lambda: self._voice.registry,
            self._clock,
            self._now,
            self._in_thread,
            lambda: secrets.token_hex(16),
            lambda record: Deferred.fromCoroutine(self._summariser.summarise(record)),
        )

    @cached_property
    def _summariser(self) -> Summariser:
        choose = self._inference.models.choose if self._chooses else None
        return Summariser(lambda: self._inference.engine, choose, self._in_thread)

    # ---- its life --------------------------------------------------------------------------

    def startService(self) -> None:
        """Close the meetings that the last process was killed in."""
        super().startService()
        if self._root is not None:
            self._recovery(MeetingFiles(self._root)).addErrback(self._not_recovered)

    def stopService(self) -> "Deferred[object]":
        """Stop every meeting; fires when all are stored."""
        super().stopService()
        return self.registry.stop_all() if "registry" in vars(self) else succeed(None)

    def session_closed(self, client_id: str) -> None:
        """A connection has gone: its meetings go on without it."""
        if "registry" in vars(self):
            self.registry.session_closed(client_id)

    def _recovery(self, files: MeetingFiles) -> "Deferred[None]":
        """Fires when the meetings of a root that were cut off are closed, whoever began it."""
        return self._recovering.run(lambda: Deferred.fromCoroutine(self._recover(files)))

    async def _recover(self, files: MeetingFiles) -> None:
        if files.root in self._recovered:
            return
        for meeting_id in await self._in_thread(files.recover):
            _log.info(
                "meeting {id} under {root} was cut off: closed", id=meeting_id, root=files.root
            )
        self._recovered.add(files.root)

    def _not_recovered(self, failure: Failure) -> None:
        failure.trap(CarError)
        _log.error("meetings not recovered: {problem}", problem=failure.getErrorMessage())

    # ---- what is asked of it ---------------------------------------------------------------

    async def start(
        self, session: "ClientSession", new: NewMeeting, root: str | None
    ) -> MeetingMetadata:
        """Hold a meeting for *session*, whose memory it feeds even after that has gone.

        Fails with MeetingError or VoiceError.
        """
        files = await self._files(root)
        memory = session.memory_held
        memory.users += 1

        def ingest(
            meeting_id: str, sink: IVoiceEventSink, source_of: Callable[[str], str]
        ) -> IVoiceEventSink:
            return MemgineIngestSink(meeting_id, memory, sink, source_of, self._now)

        host = Host(
            client_id=session.client_id,
            upstream=ClientVoiceEventSink(session),
            ingest=ingest,
            released=lambda: session.state.memories.release(memory),
        )
        return await self.registry.start(new, files, host)

    async def list(self, root: str | None) -> tuple[list[MeetingMetadata], str]:
        """The stored meetings, the oldest first, and the root that was meant."""
        files = await self._files(root)
        found: list[MeetingMetadata] = await self._in_thread(files.all)
        return found, str(files.root) if root is None else root

    async def get(self, meeting_id: str, root: str | None) -> MeetingRecord:
        """A stored meeting with its transcript; fails with MeetingError."""
        files = await self._files(root)
        record: MeetingRecord = await self._in_thread(files.read, meeting_id)
        return record

    async def _files(self, root: str | None) -> MeetingFiles:
        """The meetings of *root*, those that were cut off closed; raises MeetingError."""
        files = MeetingFiles(meetings_directory(root, self._root))
        await self._recovery(files)
        return files


def meetings_directory(root: str | None, default: Path | None) -> Path:
    """Where the meetings of *root* lie: in ``.car/meetings`` of that directory.

    *root* may be such a ``.car/meetings``, or *default*, itself; None is *default*.  Raises
    InvalidMeeting.
    """
    if root is None:
        if default is None:
            raise InvalidMeeting("root: this server keeps no meetings of its own; name a directory")
        return default
    path = Path(root)
    if not path.is_absolute() or "\0" in root:
        raise InvalidMeeting(f"root: expected an absolute path, not '{root[:200]}'")
    if path == default or path.parts[-2:] == WITHIN_A_PROJECT:
        return path
    return path.joinpath(*WITHIN_A_PROJECT)
