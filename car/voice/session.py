"""VoiceSession: from heard speech to transcript events, for one source of audio.

``starting`` (engine and device open) → ``listening`` ⇄ ``speaking`` → ``draining`` (no more
audio is taken, texts are awaited) → ``ended``.  What is speech, the hearing says; what was said,
the recogniser; by whom, the speakers; ``texts`` puts these in order.  Here stand the events, the
bounds, and the end.  Who may do what with a session is for ``sessions``.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredList,
    TimeoutError,
    maybeDeferred,
    succeed,
)
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.voice.errors import Behind, InvalidRequest, VoiceError
from car.voice.hearing import Ears, Hear, IHearing, Tap
from car.voice.interfaces import IRecogniser, IRecognition, ISpeakers, IVoiceEventSink
from car.voice.recognisers.partials import AgreedText
from car.voice.records import (
    AudioSource,
    BargeIn,
    Lagged,
    Partial,
    PcmPush,
    SessionEnded,
    SessionError,
    SpeechEnd,
    SpeechStart,
    VoiceEvent,
    VoiceOptions,
    event_text,
)
from car.voice.segmenter import Began, Ended, Event
from car.voice.texts import Said, Texts

_log = Logger()

MOST_BEHIND_MS = 10_000
"""Undecoded audio beyond which a push is refused (``subsystem-voice.md``, Back-pressure)."""

MOST_PUSH_MS = 30_000
"""The longest push: what the ring buffer holds."""

DRAIN_SECONDS = 30.0
"""How long ``stop`` waits for the last texts."""

RELEASE_SECONDS = 5.0
"""How long it waits, after that, for the engine and the device to let go [ours]."""

Status = Literal["starting", "listening", "speaking", "draining", "ended"]


class StoppedSession(Struct, frozen=True, kw_only=True):
    """All that a session heard; ``text`` joins the segments."""

    session_id: str
    status: Literal["stopped"] = "stopped"
    text: str
    segments: list[Said]
    audio_ms: int


OpenSpeakers = Callable[[], "Deferred[ISpeakers]"]


class _Segment:
    """The segment that is open: what is shown of it, and its audio if that is kept.

    ``settling`` wait for its text, which is awaited once it has ended.
    """

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.shown = AgreedText()
        self.pcm = bytearray()
        self.settling: list[Deferred[None]] = []


class VoiceSession:
    """One session; *owner* is the connection it belongs to, None if it belongs to a meeting.

    *interrupt* is called when somebody begins to speak and answers whether speech that was
    being played was cancelled for it; *over* when the session has ended by whatever cause.
    *tap* gets all audio.
    """

    def __init__(
        self,
        session_id: str,
        options: VoiceOptions,
        sink: IVoiceEventSink,
        owner: str | None,
        clock: IReactorTime,
        *,
        interrupt: Callable[[], bool],
        over: "Callable[[VoiceSession], None]",
        tap: Tap | None = None,
    ) -> None:
        self.session_id = session_id
        self.owner = owner
        self.status: Status = "starting"
        self._options = options
        self._sink = sink
        self._clock = clock
        self._interrupt = interrupt
        self._over = over
        self._tap = tap
        self._starting: Deferred[None] | None = None
        self._recognition: IRecognition | None = None
        self._speakers: ISpeakers | None = None
        self._hearing: IHearing | None = None
        self._octets_per_second = 0
        self._segment: _Segment | None = None
        self._texts = Texts(self._send)
        self._stops: list[Deferred[StoppedSession]] = []
        self._released: Deferred[Any] | None = None

    # ---- its life ----------------------------------------------------------------------

    def start(
        self,
        source: AudioSource,
        recogniser: IRecogniser,
        hear: Hear,
        open_speakers: OpenSpeakers | None = None,
    ) -> "Deferred[None]":
        """Open everything; fires when the session listens.

        Fails with VoiceError, and then nothing stays open.  Cancelling gives up.
        """
        if isinstance(source, PcmPush):
            self._octets_per_second = 2 * source.channels * source.sample_rate
        self._starting = Deferred.fromCoroutine(
            self._start(source, recogniser, hear, open_speakers)
        )
        return self._starting

    async def _start(
        self,
        source: AudioSource,
        recogniser: IRecogniser,
        hear: Hear,
        open_speakers: OpenSpeakers | None,
    ) -> None:
        try:
            self._recognition = await recogniser.open(
                self._options, self._understood_so_far, self._recogniser_failed
            )
            if open_speakers is not None:
                self._speakers = await open_speakers()
            ears = Ears(
                heard=self._heard,
                dropped=self._dropped,
                ended=self._source_ended,
                pending_ms=self._pending_ms,
                tap=self._tap,
            )
            self._hearing = await hear(source, self._options, ears)
        except CancelledError:
            raise VoiceError(f"voice session '{self.session_id}' was given up") from None
        finally:
            if self._hearing is None:
                self.status = "ended"
                await self._release()
        if self.status == "starting":
            self.status = "listening"

    def push(self, pcm: bytes) -> None:
        """Take audio as the source has it (s16le).

        Raises Behind while 10 s are not decoded yet or there is no place for more,
        InvalidRequest for a push that is too long, or for a source that takes none.
        """
        hearing = self._hearing
        if hearing is None or self.status == "draining":
            raise InvalidRequest(
                f"voice session '{self.session_id}' is {self.status} and takes no audio"
            )
        length_ms = 0
        if self._octets_per_second:
            length_ms = len(pcm) * 1000 // self._octets_per_second
        if length_ms > MOST_PUSH_MS:
            raise InvalidRequest(
                f"a push holds at most {MOST_PUSH_MS // 1000} s of audio, and this one has "
                f"{length_ms / 1000:.1f}"
            )
        waiting_ms = hearing.behind_ms
        if (
            waiting_ms + self._pending_ms() > MOST_BEHIND_MS
            or waiting_ms + length_ms > MOST_PUSH_MS
        ):
            seconds = MOST_BEHIND_MS // 1000
            raise Behind(f"voice session '{self.session_id}' is {seconds} s behind; slow down")
        hearing.push(pcm)

    def _pending_ms(self) -> int:
        """Milliseconds of audio in segments that are not decoded yet."""
        pending: int = 0 if self._recognition is None else self._recognition.pending_ms
        return pending

    @property
    def audio_ms(self) -> int:
        """Milliseconds of audio that have come."""
        return 0 if self._hearing is None else self._hearing.audio_ms

    def stop(self, seconds: float = DRAIN_SECONDS) -> "Deferred[StoppedSession]":
        """Take no more audio; fires with all that was heard, once the last text is there.

        The texts are waited for *seconds* at most.  Cancelling only forgets the waiter.
        """
        if self.status == "starting":
            self.end("stopped")
            return succeed(self._result())
        stopped: Deferred[StoppedSession] = Deferred(self._stops.remove)
        self._stops.append(stopped)
        self._drain("stopped", seconds)
        return stopped

    def settled(self) -> "Deferred[None]":
        """Fires when all that was said by now has been told, or the session has ended.

        A segment that is open is waited for.  Cancelling only forgets the waiter.
        """
        if self._segment is None:
            return self._texts.all_told()
        settling = self._segment.settling
        settling.append(Deferred(lambda waiter: settling.remove(waiter)))
        return settling[-1]

    def end(self, reason: str) -> "Deferred[Any]":
        """End at once, giving up what is not decoded yet; fires when everything is let go of."""
        if self.status == "ended":
            return self._release()
        if self._hearing is None:
            assert self._starting is not None
            self._starting.cancel()
        else:
            self._send(SessionEnded(reason, self.audio_ms))
        self.status = "ended"
        self._texts.give_up()
        segment, self._segment = self._segment, None
        if segment is not None:
            self._settle(segment)
        self._over(self)
        stops, self._stops = self._stops, []
        for stopped in stops:
            stopped.callback(self._result())
        return self._release()

    def _drain(self, reason: str, seconds: float = DRAIN_SECONDS) -> None:
        """End once the audio that came is decoded, or *seconds* have passed."""
        if self.status in ("draining", "ended"):
            return
        self.status = "draining"
        drained = Deferred.fromCoroutine(self._decode_the_rest())
        drained.addTimeout(seconds, self._clock)
        drained.addErrback(self._not_drained, seconds)
        drained.addCallback(lambda _: self._release().addTimeout(RELEASE_SECONDS, self._clock))
        drained.addErrback(self._defect)
        drained.addCallback(lambda _: self.end(reason))

    async def _decode_the_rest(self) -> None:
        assert self._hearing is not None
        await self._hearing.finish()
        await self._texts.all_told()

    def _not_drained(self, failure: Failure, seconds: float) -> None:
        failure.trap(TimeoutError, CancelledError, VoiceError)
        problem = f"the last text did not come within {seconds:g} s"
        if failure.check(VoiceError):
            problem = failure.getErrorMessage()
        self._texts.give_up()
        self._send(SessionError(problem, fatal=False))

    def _release(self) -> "Deferred[Any]":
        """Let go of everything that is open, once; fires when that is done."""
        if self._released is None:
            self._released = Deferred()  # at once, as a text that fails now may lead here again
            parts = (self._hearing, self._recognition, self._speakers)
            closing = [maybeDeferred(part.close) for part in parts if part is not None]
            DeferredList([one.addErrback(self._defect) for one in closing]).chainDeferred(
                self._released
            )
        waiter: Deferred[Any] = Deferred()
        self._released.chainDeferred(waiter)
        return waiter

    def _result(self) -> StoppedSession:
        return StoppedSession(
            session_id=self.session_id,
            text=" ".join(said.text for said in self._texts.said),
            segments=list(self._texts.said),
            audio_ms=self.audio_ms,
        )

    # ---- what is heard -----------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        """The hearing has found the beginning, more or the end of a segment."""
        recognition = self._recognition
        assert recognition is not None
        if self.status == "ended":
            return
        if isinstance(event, Ended):
            self._speech_ended(event, recognition)
            return
        if isinstance(event, Began):
            self._segment = _Segment(event.at_ms)
            if self.status != "draining":
                self.status = "speaking"
            self._send(SpeechStart(event.at_ms))
            if self._interrupt():
                self._send(BargeIn())
            recognition.began()
        segment = self._segment
        assert segment is not None
        if self._speakers is not None:
            segment.pcm += event.audio
        recognition.audio(event.audio)

    def _speech_ended(self, event: Ended, recognition: IRecognition) -> None:
        segment, self._segment = self._segment, None
        assert segment is not None
        if self.status != "draining":
            self.status = "listening"
        text = recognition.ended()
        self._send(SpeechEnd(event.at_ms))
        role = None if self._speakers is None else self._speakers.role(bytes(segment.pcm))
        self._texts.add(segment.start_ms, event.at_ms - segment.start_ms, text, role)
        self._settle(segment)

    def _settle(self, segment: _Segment) -> None:
        """A segment is over: those who wait for it wait for its text."""
        settling, segment.settling = segment.settling, []
        for waiter in settling:
            self._texts.all_told().chainDeferred(waiter)

    def _understood_so_far(self, hypothesis: str) -> None:
        if self._segment is not None and self._options.partials:
            text = self._segment.shown.heard(hypothesis)
            if text is not None:
                self._send(Partial(text))

    def _dropped(self, milliseconds: int) -> None:
        self._send(Lagged(milliseconds, "audio_ms"))

    def _source_ended(self, problem: str | None) -> None:
        if problem is not None and self.status not in ("draining", "ended"):
            self._send(SessionError(problem, fatal=True))
        self._drain("source_ended" if problem is None else "failed")

    def _recogniser_failed(self, problem: VoiceError) -> None:
        if self.status not in ("starting", "ended"):
            self._send(SessionError(str(problem), fatal=True))
        self.end("failed")

    def _send(self, event: VoiceEvent) -> None:
        if self.status != "ended":
            self._sink.send(self.session_id, event_text(event))

    def _defect(self, failure: Failure) -> None:
        _log.failure("voice session {session_id}", failure, session_id=self.session_id)
