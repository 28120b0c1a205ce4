"""Speakers: tells the voices of sessions apart, and keeps those that are enrolled.

All sessions share the worker of the encoder.  Voices that speak at once are not told apart.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET
from twisted.internet.defer import Deferred, DeferredList, DeferredLock, succeed
from twisted.logger import Logger
from zope.interface import implementer

from car.voice.errors import InvalidRequest, MissingComponent, VoiceError
from car.voice.interfaces import ISpeakers
from car.voice.records import Role
from car.voice.speakers.clusters import SessionClusters
from car.voice.speakers.locate import find_encoder
from car.voice.speakers.recordings import enrollment_pcm
from car.voice.speakers.records import (
    Enrollment,
    EnrollmentAudio,
    PreparedDiarizer,
    Voiceprint,
)
from car.voice.speakers.vectors import DVectors, FbankVectors, InThread, IVectors
from car.voice.speakers.voiceprints import DIRECTORY, Voiceprints, check_label
from car.worker.process import IDLE_SECONDS

_log = Logger()

ENROLL_MS = 3_000
"""Speech that an enrolment needs (``subsystem-voice.md``, Enrolment)."""

_NO_ROOT = "this daemon keeps nothing: start it with a state directory to enroll speakers"


class Speakers:
    """The speakers that a daemon knows.

    *root* is the state root, None for a daemon that keeps nothing.  *reactor* provides
    IReactorProcess and IReactorTime, *in_thread* calls in a thread, *environment* is looked up
    for ``CAR_SPEAKER_MODEL``; a worker that nobody calls for *idle_seconds* is stopped.
    """

    def __init__(
        self,
        root: Path | None,
        reactor: Any,
        in_thread: InThread,
        *,
        environment: Mapping[str, str] = os.environ,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._voiceprints = None if root is None else Voiceprints(root / DIRECTORY)
        self._reactor = reactor
        self._in_thread = in_thread
        self._environment = environment
        self._idle_seconds = idle_seconds
        self._encoders: dict[Path, DVectors] = {}

    @property
    def pids(self) -> list[int]:
        """The ids of the worker processes that run."""
        return [pid for encoder in self._encoders.values() for pid in encoder.pids]

    def open(self) -> "Deferred[ISpeakers]":
        """Load what is needed; fires with the ISpeakers of a session.

        It knows those who are enrolled by now with the model in use.  Fails with VoiceError.
        """
        return Deferred.fromCoroutine(self._open())

    def prepare(self) -> "Deferred[PreparedDiarizer]":
        """Load what is needed; fires when it is there.  Fails with VoiceError."""
        return Deferred.fromCoroutine(self._prepare())

    def enroll(self, label: str, audio: EnrollmentAudio) -> "Deferred[Enrollment]":
        """Keep the voice in *audio* as *label*'s, in place of an earlier one.

        Fails with InvalidRequest for a wrong label, and for audio that cannot be read or has
        less than 3 s of speech; with another VoiceError where the voice cannot be kept.
        """
        return Deferred.fromCoroutine(self._enroll(label, audio))

    def enrollments(self) -> "Deferred[list[Enrollment]]":
        """Fires with all who are enrolled, by label."""
        return Deferred.fromCoroutine(self._enrollments())

    def remove(self, label: str) -> "Deferred[None]":
        """Forget *label*; fires also if it is not there.  Fails with VoiceError."""
        return Deferred.fromCoroutine(self._remove(label))

    def stop(self) -> "Deferred[None]":
        """Kill the workers, whose calls fail from then on; fires when they are gone."""
        stopped = DeferredList([encoder.stop() for encoder in self._encoders.values()])
        return stopped.addCallback(lambda _: None)

    # ---- how -----------------------------------------------------------------------------

    async def _vectors(self) -> tuple[IVectors, str | None]:
        """The best vectors there are, and why there are no better ones."""
        try:
            path: Path = await self._in_thread(find_encoder, self._environment)
        except MissingComponent as problem:
            return FbankVectors(self._in_thread), str(problem)
        if path not in self._encoders:
            self._encoders[path] = DVectors(self._reactor, path, idle_seconds=self._idle_seconds)
        return self._encoders[path], None

    async def _open(self) -> ISpeakers:
        vectors, reason = await self._vectors()
        if reason is not None:
            _log.info(
                "speakers are told apart by {model}: {reason}",
                model=vectors.model_id,
                reason=reason,
            )
        await vectors.load()
        prints = await self._all()
        comparable = {
            one.label: one.vector
            for one in prints
            if (one.model_id, len(one.vector)) == (vectors.model_id, vectors.size)
        }
        if len(comparable) < len(prints):
            _log.info(
                "{count} voiceprints are of another model than {model} and are not compared",
                count=len(prints) - len(comparable),
                model=vectors.model_id,
            )
        return SessionSpeakers(vectors, SessionClusters(vectors.thresholds, comparable))

    async def _prepare(self) -> PreparedDiarizer:
        vectors, reason = await self._vectors()
        await vectors.load()
        return PreparedDiarizer(
            model_id=vectors.model_id, reason=UNSET if reason is None else reason
        )

    async def _enroll(self, label: str, audio: EnrollmentAudio) -> Enrollment:
        check_label(label)
        voiceprints = self._kept()
        pcm: bytes = await self._in_thread(enrollment_pcm, audio)
        vectors, _ = await self._vectors()
        heard = await vectors.heard(pcm)
        if heard.vector is None or heard.voiced_ms < ENROLL_MS:
            raise InvalidRequest(
                f"audio: enrolling '{label}' needs at least {ENROLL_MS // 1000} s of speech, "
                f"and there are {heard.voiced_ms // 100 / 10} s"
            )
        voiceprint = Voiceprint(label, vectors.model_id, heard.vector)
        path: Path = await self._in_thread(voiceprints.write, voiceprint)
        return Enrollment(label=label, model_id=vectors.model_id, path=str(path))

    async def _enrollments(self) -> list[Enrollment]:
        if self._voiceprints is None:
            return []
        path = self._voiceprints.path
        return [
            Enrollment(label=one.label, model_id=one.model_id, path=str(path(one.label)))
            for one in await self._all()
        ]

    async def _remove(self, label: str) -> None:
        check_label(label)
        if self._voiceprints is not None:
            await self._in_thread(self._voiceprints.remove, label)

    async def _all(self) -> list[Voiceprint]:
        if self._voiceprints is None:
            return []
        prints: list[Voiceprint] = await self._in_thread(self._voiceprints.all)
        return prints

    def _kept(self) -> Voiceprints:
        if self._voiceprints is None:
            raise VoiceError(_NO_ROOT)
        return self._voiceprints


@implementer(ISpeakers)
class SessionSpeakers:
    """The speakers of one session: segments are heard by *vectors*, in their order."""

    def __init__(self, vectors: IVectors, clusters: SessionClusters) -> None:
        self._vectors = vectors
        self._clusters = clusters
        self._in_turn = DeferredLock()
        self._closed = False

    def role(self, pcm: bytes) -> "Deferred[Role]":
        """As ``ISpeakers`` says; fails with EngineFailed or MissingComponent."""
        role: Deferred[Role] = self._in_turn.run(lambda: Deferred.fromCoroutine(self._role(pcm)))
        return role

    def close(self) -> "Deferred[None]":
        """Listen to no more segments: those that wait are ``unknown``."""
        self._closed = True
        return succeed(None)

    async def _role(self, pcm: bytes) -> Role:
        if self._closed:
            return "unknown"
        heard = await self._vectors.heard(pcm)
        if heard.vector is None:
            return "unknown"
        return self._clusters.role(heard.vector, heard.voiced_ms)
