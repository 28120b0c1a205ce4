"""Speech from services over HTTP: one request, its audio as it comes, failures in our words.

A text goes in requests of up to REQUEST_CHARS characters, one after the other, so that what a
service may have sent ahead of a listener who is slow stays small.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from treq import collect
from treq.client import HTTPClient
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers

from car.inference.errors import InferenceError
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.failures import network_failure, refused_answer, without
from car.inference.remote.proxies import environment_proxies
from car.inference.remote.transport import ErrorAnswer, HttpTransport
from car.inference.remote.ways import OpenWay, RoutedAgent, hostname_ways
from car.ir.json import JsonError, JsonValue, decode
from car.voice.errors import EngineFailed
from car.voice.speech.records import Chunk, Format
from car.voice.speech.synthesiser import OnChunk, hand_on
from car.voice.speech.waves import WaveReader

REQUEST_CHARS = 1_000
"""The longest text of one request [ours]: some 65 s of speech, 3 MB as WAV, 1 MB as MP3.
Services take 4,096 (OpenAI) and 10,000 or more (ElevenLabs) characters."""

PIECE_BYTES = 16_384
"""How much audio makes a chunk [ours]: a third of a second as PCM, one as MP3."""

LISTING_SECONDS = 20.0
MOST_LISTING_BYTES = 4 * 1024 * 1024

_CONNECT_SECONDS = 10.0
_OK = 200


class PcmDecoder:
    """Samples that come without a header, of a *sample_rate* that is known."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._odd = b""

    def feed(self, data: bytes) -> bytes:
        """Take *data*; answers whole samples."""
        data = self._odd + data
        end = len(data) - len(data) % 2
        self._odd = data[end:]
        return data[:end]


class Mp3Decoder:
    """MP3 that is passed on as it is, once it has begun as MP3 does; *source* is who sends it."""

    sample_rate = 0

    def __init__(self, source: str) -> None:
        self._source = source
        self._head = b""
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """Take *data*; answers it.  Raises EngineFailed."""
        if self._begun:
            return data
        self._head += data
        if len(self._head) < 3:
            return b""
        # A tag, or a frame's eleven bits of synchronisation.
        if self._head[:3] != b"ID3" and not (
            self._head[0] == 0xFF and self._head[1] & 0xE0 == 0xE0
        ):
            raise EngineFailed(f"{self._source} sent no MP3")
        self._begun = True
        return self._head


AudioDecoder = PcmDecoder | Mp3Decoder | WaveReader


class SpeechService:
    """Requests to services of speech; connections to the same host are used again.

    *reactor* provides time and TCP; *proxies* and *open_way* are as ``HttpTransport`` has them.
    """

    def __init__(
        self,
        reactor: Any,
        *,
        proxies: Mapping[str, str] | None = None,
        open_way: OpenWay | None = None,
    ) -> None:
        self._reactor = reactor
        self._transport = HttpTransport(reactor, proxies=proxies, open_way=open_way)
        self._agent = RoutedAgent(
            reactor,
            HTTPConnectionPool(reactor, persistent=False),
            environment_proxies() if proxies is None else proxies,
            open_way or hostname_ways(reactor, _CONNECT_SECONDS),
        )

    async def speak(
        self,
        request: HttpRequest,
        endpoint: str,
        key: str | None,
        decoder: AudioDecoder,
        on_chunk: OnChunk,
    ) -> None:
        """Send *request* and hand on the audio that comes, in chunks of some PIECE_BYTES.

        *endpoint* is what messages call the service; *key* is kept out of them.  Raises
        EngineFailed.  Cancelling closes the socket.
        """
        came: DeferredQueue[Any] = DeferredQueue()
        asked = self._transport.post(request, endpoint, came.put, whole=False)
        asked.addBoth(lambda end: came.put((end,)))  # a failure by itself would fail the get
        held, is_empty = bytearray(), True
        sound: Format = "mp3" if isinstance(decoder, Mp3Decoder) else "pcm"
        try:
            while isinstance(data := await came.get(), bytes):
                held += decoder.feed(data)
                while len(held) >= PIECE_BYTES:
                    piece = bytes(held[:PIECE_BYTES])
                    del held[:PIECE_BYTES]
                    is_empty = False
                    await hand_on(on_chunk, Chunk(piece, sound, decoder.sample_rate))
        finally:
            asked.cancel()
        (end,) = data
        if isinstance(end, Failure):
            assert end.value is not None
            raise _told(end.value, endpoint, key)
        if held:
            await hand_on(on_chunk, Chunk(bytes(held), sound, decoder.sample_rate))
        elif is_empty:
            raise EngineFailed(f"{endpoint} sent no audio")

    async def listing(self, url: str, headers: Mapping[str, str], key: str) -> JsonValue:
        """The JSON at *url*.  Raises EngineFailed, also after LISTING_SECONDS."""
        body = bytearray()

        def collected(data: bytes) -> None:
            if len(body) <= MOST_LISTING_BYTES:
                body.extend(data)

        asked = Deferred.fromCoroutine(self._get(url, headers, collected))
        try:
            status = await asked.addTimeout(LISTING_SECONDS, self._reactor, _too_late(url))
        except (ConnectError, ConnectionClosed, DNSLookupError, ResponseFailed) as problem:
            raise EngineFailed(str(network_failure(problem, url))) from None
        if status != _OK:
            raise _told(ErrorAnswer(status, {}, bytes(body)), url, key)
        try:
            return decode(bytes(body))
        except JsonError:
            raise EngineFailed(f"{url} did not answer with JSON") from None

    def close(self) -> Deferred[None]:
        """Close the connections that are kept; fires when they are closed."""
        return self._transport.close()

    async def _get(
        self, url: str, headers: Mapping[str, str], collected: Callable[[bytes], None]
    ) -> int:
        named = Headers({name: [value] for name, value in headers.items()})
        response = await HTTPClient(self._agent).get(
            url, headers=named, unbuffered=True, reactor=self._reactor
        )
        await collect(response, collected)
        return int(response.code)


def _too_late(url: str) -> Callable[[object, float], Any]:
    def too_late(_result: object, seconds: float) -> None:
        raise EngineFailed(f"{url} did not answer within {seconds:g} s")

    return too_late


def _told(problem: BaseException, endpoint: str, key: str | None) -> BaseException:
    """What failed a request as EngineFailed, without *key*; what is no such failure as it is."""
    if isinstance(problem, ErrorAnswer):
        problem = refused_answer(
            problem.status, problem.headers, problem.body, endpoint, frozenset(), time.time()
        )
    if isinstance(problem, InferenceError):
        return EngineFailed(without(str(problem), key))
    return problem
