"""The daemon's voice, put together: engines, sessions, speech streams, turns, binary frames.

Built at the first use, as most connections never say a word.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from car.inference.interfaces import IKeySource
from car.ir.json import to_value
from car.proto.voice_frames import AudioFormat, Tag, VoiceFrame, pack_frame
from car.server.interfaces import ISessionBound
from car.server.voice_intake import VoiceIntake
from car.server.voice_turns import TurnModels
from car.store.thread import InThread
from car.voice.hearing import Ears, IHearing, open_hearing
from car.voice.interfaces import IRecogniser, ISpeakers
from car.voice.providers import Providers
from car.voice.recognisers.engines import LocalEngines
from car.voice.records import AudioSource, SessionError, VoiceOptions
from car.voice.remote.services import remote_recognisers
from car.voice.sessions import VoiceSessionRegistry
from car.voice.speakers.speakers import Speakers
from car.voice.speech.records import StreamPart
from car.voice.speech.stream import SendPart
from car.voice.speech.streams import SpeechStreams
from car.voice.speech.synthesisers import Synthesisers
from car.voice.turns import FastDelta, TurnEvent, VoiceTurns

if TYPE_CHECKING:
    from car.server.session import ClientSession

_log = Logger()

STOP_SECONDS = 12.0
"""How long the daemon's end waits for sessions: the 10 s that meetings have for their last texts,
and a little more [ours]."""

_FORMATS = {"pcm": AudioFormat.PCM, "mp3": AudioFormat.MP3, "wav": AudioFormat.WAV}


@implementer(ISessionBound)
class Voice(Service):
    """Everything about speech that connections share.

    *root* is the state root, None for a server that keeps nothing.  *reactor* provides
    processes, threads, time, file descriptors and TCP.
    """

    def __init__(
        self,
        root: Path | None,
        reactor: Any,
        keys: IKeySource,
        in_thread: InThread,
        clock: IReactorTime,
    ) -> None:
        self._root = root
        self._reactor = reactor
        self._keys = keys
        self._in_thread = in_thread
        self._clock = clock
        self._turns: dict[str, VoiceTurns] = {}
        self._intakes: dict[str, VoiceIntake] = {}

    # ---- its parts ---------------------------------------------------------------------

    @cached_property
    def engines(self) -> LocalEngines:
        """The recognisers of this machine."""
        return LocalEngines(self._reactor, self._in_thread)

    @cached_property
    def recognisers(self) -> Sequence[IRecogniser]:
        """Every recogniser, the default one first."""
        engines = self.engines
        remote = remote_recognisers(self._reactor, self._keys, os.environ)
        return [engines.local, engines.whisper, engines.pocketsphinx, *remote]

    @cached_property
    def synthesisers(self) -> Synthesisers:
        """Every synthesiser."""
        return Synthesisers(self._reactor, self._in_thread, self._keys, os.environ)

    @cached_property
    def providers(self) -> Providers:
        """All of them by name."""
        return Providers(self.recognisers, self.synthesisers.by_name.values())

    @cached_property
    def speakers(self) -> Speakers:
        """The voices that are known by name, and what tells voices apart."""
        return Speakers(self._root, self._reactor, self._in_thread)

    @cached_property
    def registry(self) -> VoiceSessionRegistry:
        """The voice sessions of connections and meetings."""
        return VoiceSessionRegistry(
            self._clock, self._recogniser, self._hear, self._open_speakers, self._interrupt
        )

    @cached_property
    def streams(self) -> SpeechStreams:
        """The speech streams."""
        return SpeechStreams(self.synthesisers)

    def turns(self, session: "ClientSession") -> VoiceTurns:
        """The voice turns of a connection."""
        turns = self._turns.get(session.client_id)
        if turns is None:

            def tell(session_id: str, event: TurnEvent) -> None:
                droppable = isinstance(event, FastDelta)
                session.voice_event(session_id, to_value(event), droppable=droppable)

            turns = VoiceTurns(TurnModels(session), self._clock, tell)
            self._turns[session.client_id] = turns
        return turns

    def _recogniser(self, name: str) -> IRecogniser:
        return self.providers.recogniser(name)

    def _hear(self, source: AudioSource, options: VoiceOptions, ears: Ears) -> "Deferred[IHearing]":
        return open_hearing(self._reactor, source, options, ears)

    def _open_speakers(self) -> "Deferred[ISpeakers]":
        return self.speakers.open()

    def _interrupt(self, client_id: str) -> bool:
        """Somebody speaks: stop what is played to their connection."""
        return "streams" in vars(self) and bool(self.streams.session_closed(client_id))

    # ---- the connections ---------------------------------------------------------------

    def frame_received(self, session: "ClientSession", octets: bytes) -> None:
        """One binary message of a client's."""
        client_id = session.client_id
        intake = self._intakes.get(client_id)
        if intake is None:

            def push(session_id: str, pcm: bytes) -> None:
                self.registry.push(session_id, pcm, client_id)

            def complain(session_id: str, text: str) -> None:
                event = to_value(SessionError(text, fatal=False))
                session.voice_event(session_id or client_id, event)

            intake = self._intakes[client_id] = VoiceIntake(push, complain)
        intake.frame_received(octets)

    def session_closed(self, client_id: str) -> None:
        """A connection has gone, and with it its sessions, streams and turns."""
        if "registry" in vars(self):
            self.registry.session_closed(client_id)
        if "streams" in vars(self):
            self.streams.session_closed(client_id)
        turns = self._turns.pop(client_id, None)
        if turns is not None:
            turns.close()
        intake = self._intakes.pop(client_id, None)
        if intake is not None and intake.unknown:
            _log.info(
                "{client_id}: {count} binary frames were for no voice session",
                client_id=client_id,
                count=intake.unknown,
            )

    def stopService(self) -> "Deferred[None]":
        """End all sessions and streams, then the processes; fires when they are gone."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        built = vars(self)
        for turns in self._turns.values():
            turns.close()
        if "streams" in built:
            self.streams.stop_all()
        if "registry" in built:
            ended = self.registry.stop_all()
            await ended.addTimeout(STOP_SECONDS, self._clock, _give_up)
        parts = [built[name] for name in ("synthesisers", "speakers", "engines") if name in built]
        await DeferredList([maybeDeferred(part.stop) for part in parts])


def part_sender(session: "ClientSession", is_binary: bool) -> SendPart:
    """What sends the parts of a speech stream to its client, as frames or as events.

    A part has left at once while the client reads, else when it does again.
    """

    def send(part: StreamPart) -> "Deferred[None] | None":
        if is_binary:
            session.send_binary(pack_frame(_frame(part)))
        else:
            session.voice_event(part.stream_id, to_value(part.event()))
        return session.drained()

    return send


def _give_up(_result: object, _seconds: float) -> None:
    """Sessions that have not ended by now end with the processes."""


def _frame(part: StreamPart) -> VoiceFrame:
    if part.error is not None:
        return VoiceFrame(Tag.TTS_ERROR, part.stream_id, part.seq, part.error.encode())
    if part.is_final:
        return VoiceFrame(Tag.TTS_END, part.stream_id, part.seq)
    return VoiceFrame(Tag.TTS_CHUNK, part.stream_id, part.seq, part.octets, _FORMATS[part.format])
