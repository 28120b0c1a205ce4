"""The provider ``elevenlabs``: its streamed text to speech ("Stream speech" of its reference)."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from msgspec import Struct

from car.inference.interfaces import IKeySource, InThread
from car.inference.remote.exchange import HttpRequest
from car.ir.json import JsonObject, RecordError, convert, encode
from car.voice.errors import EngineFailed, InvalidRequest, MissingKey
from car.voice.speech.http import (
    REQUEST_CHARS,
    AudioDecoder,
    Mp3Decoder,
    PcmDecoder,
    SpeechService,
)
from car.voice.speech.records import SpeechOptions
from car.voice.speech.sentences import cut, grouped
from car.voice.speech.synthesiser import OnChunk, Synthesiser, refuse

URL = "https://api.elevenlabs.io"
URL_VARIABLE = "CAR_ELEVENLABS_URL"
"""Holds another address, in the form for HTTP or for WebSockets."""
KEY = "ELEVENLABS_API_KEY"
NO_KEY = f"{KEY} not set; export it or store it with secret.put"

DEFAULT_MODEL = "eleven_flash_v2_5"
"""The one that answers soonest, of 32 languages (ElevenLabs, Models)."""

SLOWEST, FASTEST = 0.7, 1.2
"""The range of ``voice_settings.speed``."""

PCM_RATE = 24_000

_KNOWS_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3")
"""The models that take a ``language_code``; others refuse it."""

_KNOWS_NO_NEIGHBOURS = ("eleven_v3",)
"""The models that refuse ``previous_text`` and ``next_text``."""


class _Voice(Struct):
    voice_id: str


class _Voices(Struct):
    voices: list[_Voice]


class ElevenLabs(Synthesiser):
    """ElevenLabs, or what *environ* names in its place, with the key that *keys* has."""

    name = "elevenlabs"
    description = "ElevenLabs, a service: the text leaves this machine"
    formats = ("mp3", "wav", "pcm")

    def __init__(
        self,
        service: SpeechService,
        in_thread: InThread,
        keys: IKeySource,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(in_thread)
        self._service = service
        self._keys = keys
        url = environ.get(URL_VARIABLE) or URL
        self._url = url if url.startswith("http") else url.replace("ws", "http", 1)
        self._default_voice: str | None = None

    async def _check(self, options: SpeechOptions) -> str:
        refuse(options, self.name, "base_url", "instructions")
        self.format_of(options)
        if not SLOWEST <= options.speed <= FASTEST:
            raise InvalidRequest(f"speed: elevenlabs takes {SLOWEST} to {FASTEST}")
        await self._key()
        return self._url

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        await self.check(options)
        key = await self._key()
        voice = options.voice_id or await self._first_voice(key)
        is_mp3 = self.format_of(options) == "mp3"
        sound = "mp3_44100_128" if is_mp3 else f"pcm_{PCM_RATE}"
        path = f"{self._url}/v1/text-to-speech/{quote(voice, safe='')}/stream"
        parts = [*grouped(await self._in_thread(cut, text, options.language), REQUEST_CHARS)]
        for number in range(len(parts)):
            decoder: AudioDecoder = Mp3Decoder(self._url) if is_mp3 else PcmDecoder(PCM_RATE)
            request = HttpRequest(
                f"{path}?output_format={sound}",
                {"xi-api-key": key},
                encode(_body(parts, number, options)),
            )
            await self._service.speak(request, self._url, key, decoder, on_chunk)

    async def _key(self) -> str:
        pairs = await self._keys.keys([KEY])
        if not pairs:
            raise MissingKey(NO_KEY)
        return pairs[0][1]

    async def _first_voice(self, key: str) -> str:
        """The first of the voices of the account, which is asked once."""
        if self._default_voice is None:
            url = f"{self._url}/v1/voices"
            listing = await self._service.listing(url, {"xi-api-key": key}, key)
            try:
                voices = convert(listing, _Voices).voices
            except RecordError as problem:
                raise EngineFailed(f"{url} sent no list of voices: {problem}") from None
            if not voices:
                raise InvalidRequest("voice_id: the ElevenLabs account has no voices; name one")
            self._default_voice = voices[0].voice_id
        return self._default_voice


def _body(parts: Sequence[str], number: int, options: SpeechOptions) -> JsonObject:
    """The request for part *number*; its neighbours are told, for the melody of the speech."""
    model = options.model or DEFAULT_MODEL
    body: JsonObject = {"text": parts[number], "model_id": model}
    if options.language is not None and model in _KNOWS_LANGUAGE:
        body["language_code"] = options.language.partition("-")[0].lower()
    if options.speed != 1.0:
        body["voice_settings"] = {"speed": options.speed}
    if model in _KNOWS_NO_NEIGHBOURS:
        return body
    if number:
        body["previous_text"] = parts[number - 1]
    if number + 1 < len(parts):
        body["next_text"] = parts[number + 1]
    return body
