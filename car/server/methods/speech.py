"""``transcribe``, ``synthesize`` and ``speech.prepare``: speech as files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from car.ir.json import JsonObject
from car.server.registry import NoParams, method
from car.server.session import ClientSession
from car.voice.recognisers.engines import FileRequest
from car.voice.records import VoiceOptions
from car.voice.speech.synthesis import Synthesized, SynthesizeRequest, prepare, synthesize

SERVICES = frozenset(("elevenlabs", "local"))
"""The providers of speech that compute elsewhere."""


class Transcribe(FileRequest, frozen=True, kw_only=True):
    """A file to transcribe; ``timestamps`` that are false leave the segments out."""

    timestamps: bool = True


@asynccontextmanager
async def _permit(session: ClientSession) -> AsyncIterator[None]:
    """A place among the local inferences (``protocol-inference.md`` §2)."""
    permit = await session.state.admission.acquire()
    try:
        yield
    finally:
        permit.release()


@method("transcribe")
async def transcribe(session: ClientSession, params: Transcribe) -> JsonObject:
    """The text of what is said in an audio file.

    ``audio_b64`` wins over ``audio_path``, an absolute path.  Result: ``{text, segments:
    [{text, start_ms, end_ms}], language, duration_ms, model}``.  Errors: -32603 with
    ``data.code`` invalid_request, missing_component or busy, or for a file that is no audio.
    """
    async with _permit(session):
        found = await session.state.voice_sessions.engines.transcribe_file(params)
    if not params.timestamps:
        found.pop("segments", None)
    return found


@method("synthesize")
async def synthesize_method(session: ClientSession, params: SynthesizeRequest) -> Synthesized:
    """Speak a text into a file, into the answer, or both.

    ``audio_path`` of the result is ``output_path``; ``audio_b64`` is there when asked for or
    when there is no ``output_path``.  Errors: -32603 with ``data.code`` invalid_request,
    unknown_provider, missing_component or missing_key.
    """
    state = session.state
    provider = params.provider or (params.model or "").partition("/")[0]
    async with nullcontext() if provider in SERVICES else _permit(session):
        return await synthesize(state.voice_sessions.synthesisers, state.in_thread, params)


@method("speech.prepare")
async def speech_prepare(session: ClientSession, params: NoParams) -> str:
    """Load what would speak and what would listen, so that the first use need not.

    Result: the path or URL of what speaks, a string.  Errors: -32603 with ``data.code``
    missing_component where nothing can speak.
    """
    voice = session.state.voice_sessions
    path = await prepare(voice.synthesisers)
    if await voice.engines.local.readiness() is None:
        recognition = await voice.engines.local.open(VoiceOptions(), _ignore, _ignore)
        await recognition.close()
    return path


def _ignore(_: object) -> None:
    """Nobody listens to a recogniser that is only loaded."""
