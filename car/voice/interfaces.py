"""The seams of speech: who hears of events, who turns audio into text, who tells speakers."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from car.voice.records import Role, VoiceOptions
from car.voice.speech.records import Chunk, SpeechOptions


class IVoiceEventSink(Interface):
    """Takes the events of voice sessions.

    Called from the loop that drains the recogniser: it queues and returns, and must not raise.
    """

    def send(session_id: str, event: str) -> None:
        """One event of *session_id*, JSON text (``records.event_text``)."""


class IRecognition(Interface):
    """What a recogniser holds for one voice session.

    Audio is 16 kHz mono s16le.  Segments come one after the other: ``began``, then ``audio``
    any number of times, then ``ended``.  The next segment may begin while the text of the one
    before is still awaited; texts come in the order of their segments.
    """

    pending_ms = Attribute("Milliseconds of audio taken and not decoded yet; an int.")

    def began() -> None:
        """Speech begins: a segment is open."""

    def audio(pcm: bytes) -> None:
        """More of the open segment.  Never waits and never raises: it is queued."""

    def ended() -> Deferred[str]:
        """The segment is complete; fires with its text, empty where nothing was understood.

        Fails with EngineFailed; the next segment may still work.
        """

    def close() -> Deferred[None]:
        """Let go of everything; texts that are awaited fail.  Fires once all is released."""


class IRecogniser(Interface):
    """A provider of speech to text."""

    name = Attribute("As requests name it: ``pocketsphinx``.")
    description = Attribute("A line for people.")

    def readiness() -> Deferred[str | None]:
        """Fires with None where a session could be opened now, else with what is missing."""

    def open(
        options: VoiceOptions, on_partial: object, on_failure: object
    ) -> Deferred[IRecognition]:
        """Load what is needed; fires with an IRecognition.

        *on_partial* takes the text understood so far of the open segment (a str, not yet made
        monotonic); *on_failure* an EngineFailed after which no text comes any more.  Fails
        with MissingComponent, MissingKey, InvalidRequest or EngineFailed.
        """


class ISpeakers(Interface):
    """Tells whose voice a segment is, for one session."""

    def role(pcm: bytes) -> Deferred[Role]:
        """Fires with the role of a whole segment (16 kHz mono s16le); never fails for audio
        that is too short, which is ``unknown``."""

    def close() -> Deferred[None]:
        """Let go of what is held."""


class ISynthesiser(Interface):
    """A provider of text to speech."""

    name = Attribute("As requests name it: ``espeak``.")
    description = Attribute("A line for people.")
    formats = Attribute("The ``speech.records.Format`` it can give, its default first.")

    def readiness() -> Deferred[str | None]:
        """Fires with None where speech could be made now, else with what is missing."""

    def check(options: SpeechOptions) -> Deferred[str]:
        """Fires with what would speak: the path of a program or voice, or a URL.

        Fails with MissingComponent, MissingKey or InvalidRequest.  Loads nothing.
        """

    def prepare(options: SpeechOptions) -> Deferred[str]:
        """As ``check``, with what has to be loaded loaded before it fires."""

    def speak(
        text: str, options: SpeechOptions, on_chunk: Callable[[Chunk], Deferred[None] | None]
    ) -> Deferred[None]:
        """Make speech of *text*; fires after its last chunk.

        *on_chunk* takes the audio of a sentence or a part of it, and answers None or a Deferred
        that the next chunk waits for.  Cancelling stops the process or the request.
        """

    def stop() -> Deferred[None]:
        """Let go of processes and connections; fires when they are gone."""
