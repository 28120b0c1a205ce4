"""A text as one piece of audio: what ``synthesize`` and ``speech.prepare`` do."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from twisted.internet.defer import Deferred

from car.inference.interfaces import InThread
from car.ir.json import convert
from car.voice.errors import InvalidRequest
from car.voice.speech.draft import AudioDraft
from car.voice.speech.records import (
    MEDIA_TYPES,
    Chunk,
    Format,
    Name,
    SpeechOptions,
    check_text,
)
from car.voice.speech.synthesisers import Synthesisers

MOST_ANSWER_BYTES = 4 * 1024 * 1024
"""The most audio that is answered as ``audio_b64`` [ours]: 95 s of WAV; longer goes to a file."""


class SynthesizeRequest(Struct, frozen=True, kw_only=True):
    """The params of ``synthesize`` (``protocol-inference.md`` §1).

    ``model`` is a provider's name, or that, a slash and a model of its own:
    ``elevenlabs/eleven_v3``.  ``provider`` [ours] says the same by itself.
    """

    text: str
    model: Name | None = None
    provider: Name | None = None
    voice: Name | None = None
    language: str | None = None
    speed: Annotated[float, Meta(ge=0.25, le=4.0)] | None = None
    output_path: Annotated[str, Meta(min_length=1, max_length=4_096)] | None = None
    format: Literal["wav", "mp3"] | None = None
    reference_audio_path: str | None = None
    reference_text: str | None = None
    voice_instruction: Annotated[str, Meta(max_length=4_096)] | None = None
    return_b64: bool = False


class Synthesized(Struct, frozen=True, kw_only=True):
    """The result of ``synthesize``.

    ``audio_path`` is the file that was written, where one was asked for; ``audio_b64`` the
    audio, where it was asked for or there is no file.  ``sample_rate`` and ``duration_ms`` are
    there for WAV.
    """

    media_type: str
    format: Format
    provider: str
    size_bytes: int
    audio_path: str | UnsetType = UNSET
    audio_b64: str | UnsetType = UNSET
    sample_rate: int | UnsetType = UNSET
    duration_ms: int | UnsetType = UNSET


def prepare(synthesisers: Synthesisers, options: SpeechOptions | None = None) -> Deferred[str]:
    """Load what would speak with *options*; fires with its path, or its URL for a service.

    Fails as ``Synthesisers.choose``, or with EngineFailed.
    """
    return Deferred.fromCoroutine(_prepare(synthesisers, options or SpeechOptions()))


def synthesize(
    synthesisers: Synthesisers, in_thread: InThread, request: SynthesizeRequest
) -> Deferred[Synthesized]:
    """Speak a text to its end, into a file, into the answer, or both.

    The file is written whole or not at all.  Fails as ``Synthesisers.choose``, or with
    EngineFailed.  Cancelling stops it and leaves no file.
    """
    return Deferred.fromCoroutine(_synthesize(synthesisers, in_thread, request))


async def _prepare(synthesisers: Synthesisers, options: SpeechOptions) -> str:
    synthesiser, settled = await synthesisers.choose(options)
    return await synthesiser.prepare(settled)


async def _synthesize(
    synthesisers: Synthesisers, in_thread: InThread, request: SynthesizeRequest
) -> Synthesized:
    check_text(request.text)
    synthesiser, options = await synthesisers.choose(_options(request))
    assert options.format is not None
    draft: AudioDraft = await in_thread(AudioDraft, request.output_path, options.format)
    wants_answer = request.return_b64 or request.output_path is None

    def take(chunk: Chunk) -> Deferred[None]:
        written: Deferred[None] = in_thread(draft.add, chunk)
        return written.addCallback(lambda _: _check_size(draft.size) if wants_answer else None)

    try:
        await synthesiser.speak(request.text, options, take)
        audio = await in_thread(draft.finish, wants_answer)
    finally:
        await in_thread(draft.discard)
    is_wav = options.format == "wav"
    return Synthesized(
        media_type=MEDIA_TYPES[options.format],
        format=options.format,
        provider=synthesiser.name,
        size_bytes=draft.size,
        audio_path=UNSET if request.output_path is None else request.output_path,
        audio_b64=UNSET if audio is None else audio,
        sample_rate=draft.sample_rate if is_wav else UNSET,
        duration_ms=draft.duration_ms if is_wav else UNSET,
    )


def _options(request: SynthesizeRequest) -> SpeechOptions:
    """What *request* asks of a provider.  Raises InvalidRequest."""
    for name in ("reference_audio_path", "reference_text"):
        if getattr(request, name) is not None:
            raise InvalidRequest(f"{name}: no provider here imitates a voice; leave it out")
    provider, model = request.provider, request.model
    if provider is None and model is not None:
        provider, _, rest = model.partition("/")
        model = rest or None
    return convert(
        {
            "provider": provider,
            "model": model,
            "voice_id": request.voice,
            "language": request.language,
            "speed": request.speed or 1.0,
            "format": request.format or "wav",
            "instructions": request.voice_instruction,
        },
        SpeechOptions,
    )


def _check_size(size: int) -> None:
    if size > MOST_ANSWER_BYTES:
        raise InvalidRequest(
            f"text: its speech is longer than {MOST_ANSWER_BYTES} octets, which is the most for "
            "audio_b64; give output_path and no return_b64, or less text"
        )
