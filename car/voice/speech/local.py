"""The provider ``local``: any server that speaks OpenAI's ``/v1/audio/speech``."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from car.inference.interfaces import IKeySource, InThread
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.urls import operation_url, told
from car.ir.json import JsonObject, encode
from car.voice.errors import InvalidRequest, MissingComponent
from car.voice.speech.http import REQUEST_CHARS, AudioDecoder, Mp3Decoder, SpeechService
from car.voice.speech.records import SpeechOptions
from car.voice.speech.sentences import cut, grouped
from car.voice.speech.synthesiser import OnChunk, Synthesiser
from car.voice.speech.waves import WaveReader

URL_VARIABLE = "CAR_TTS_URL"
KEY_VARIABLE = "CAR_TTS_API_KEY"

DEFAULT_MODEL, DEFAULT_VOICE = "tts-1", "alloy"
"""The names of OpenAI's reference; local servers take them for their own default."""


class LocalServer(Synthesiser):
    """The server at ``CAR_TTS_URL`` of *environ*, or at the ``base_url`` of the options.

    A key, where the server wants one, is ``CAR_TTS_API_KEY`` in *keys*; it is sent to no
    ``base_url``, as that comes from a client.
    """

    name = "local"
    description = "a server with OpenAI's /v1/audio/speech, at the URL in CAR_TTS_URL"
    formats = ("wav", "mp3", "pcm")

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
        self._environ = environ

    async def _check(self, options: SpeechOptions) -> str:
        self.format_of(options)
        return told(self._url(options))

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        sound = self.format_of(options)
        url = self._url(options)
        headers: dict[str, str] = {}
        key = None
        if options.base_url is None and (pairs := await self._keys.keys([KEY_VARIABLE])):
            key = pairs[0][1]
            headers["Authorization"] = f"Bearer {key}"
        source = told(url)
        for part in grouped(await self._in_thread(cut, text, options.language), REQUEST_CHARS):
            decoder: AudioDecoder = Mp3Decoder(source) if sound == "mp3" else WaveReader(source)
            request = HttpRequest(url, headers, encode(_body(part, options)))
            await self._service.speak(request, source, key, decoder, on_chunk)

    def _url(self, options: SpeechOptions) -> str:
        """Where speech is made.  Raises MissingComponent, InvalidRequest."""
        base = options.base_url or self._environ.get(URL_VARIABLE)
        if not base:
            raise MissingComponent(
                f"no local speech server: set {URL_VARIABLE} to the base URL of one with "
                "/v1/audio/speech; providers 'piper' and 'espeak' need none"
            )
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            name = URL_VARIABLE if options.base_url is None else "base_url"
            raise InvalidRequest(f"{name}: expected an http or https URL")
        return operation_url(base, "audio/speech", "v1")


def _body(text: str, options: SpeechOptions) -> JsonObject:
    """The request's members, as OpenAI's reference has them ("Create speech")."""
    body: JsonObject = {
        "model": options.model or DEFAULT_MODEL,
        "input": text,
        "voice": options.voice_id or DEFAULT_VOICE,
        "response_format": "mp3" if options.format == "mp3" else "wav",
    }
    if options.speed != 1.0:
        body["speed"] = options.speed
    if options.instructions is not None:
        body["instructions"] = options.instructions
    return body
