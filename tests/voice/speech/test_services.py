"""Tests of car.voice.speech.local, elevenlabs and http: over loopback, against stand-ins."""

from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - sockets are the subject
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from car.errors import CarError
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, MissingKey
from car.voice.speech import elevenlabs
from car.voice.speech.elevenlabs import NO_KEY
from car.voice.speech.http import PIECE_BYTES, REQUEST_CHARS
from car.voice.speech.local import KEY_VARIABLE, URL_VARIABLE
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.synthesisers import Synthesisers
from tests.voice.needed import needs
from tests.voice.speech.doubles import Keys, in_thread
from tests.voice.speech.standins import (
    KEY,
    MP3,
    PCM,
    RATE,
    ElevenLabsServer,
    Service,
    SilentSite,
    SpeechServer,
)

REACTOR: Any = _reactor

LONG = "It rains again in the town, as it did before. " * 60
"""Of 2,760 characters."""


class ServiceCase(TestCase):
    """A service at ``url``; ``chunks`` are those that came."""

    provider: str

    def setUp(self) -> None:
        self.server = self.make_server()
        port = REACTOR.listenTCP(0, SilentSite(self.server), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        self.chunks: list[Chunk] = []
        self.room: Deferred[None] | None = None
        self.configure()

    def make_server(self) -> Service:
        """The stand-in."""
        raise NotImplementedError

    def configure(self, keys: Keys | None = None, url: str | None = None) -> None:
        """Have synthesisers with those keys, and that URL of a local server."""
        self.synthesisers = Synthesisers(
            REACTOR,
            in_thread,
            keys or Keys(ELEVENLABS_API_KEY=KEY),
            {
                URL_VARIABLE: self.url if url is None else url,
                elevenlabs.URL_VARIABLE: self.url.replace("http", "ws"),
            },
            proxies={},
        )
        self.addCleanup(self.synthesisers.stop)

    def take(self, chunk: Chunk) -> Deferred[None] | None:
        """Take a chunk; the next waits for ``room``."""
        self.chunks.append(chunk)
        return self.room

    def speak(self, text: str = "Hello there.", **members: Any) -> Deferred[None]:
        """Speak."""
        voice = self.synthesisers.named(self.provider)
        return voice.speak(text, SpeechOptions(**members), self.take)

    async def refused(self, text: str = "Hello there.", **members: Any) -> str:
        """The words of a service that failed."""
        return await self.told(self.speak(text, **members), EngineFailed)

    async def told(self, speaking: Deferred[None], kind: type[CarError]) -> str:
        """The words of a failure of that *kind*."""
        try:
            await speaking
        except kind as problem:
            return str(problem)
        return self.fail(f"{kind.__name__} was expected")

    def audio(self) -> bytes:
        """What came, in one piece."""
        return b"".join(chunk.octets for chunk in self.chunks)


@needs("sentencex")
class LocalTests(ServiceCase):
    """LocalServer against OpenAI's "Create speech"."""

    provider = "local"

    def make_server(self) -> Service:
        """OpenAI's."""
        return SpeechServer(REACTOR)

    async def test_wav(self) -> None:
        """A WAV of unknown length becomes PCM chunks as it comes."""
        await self.speak()
        self.assertEqual(self.audio(), PCM)
        self.assertEqual(
            {(chunk.format, chunk.sample_rate) for chunk in self.chunks}, {("pcm", RATE)}
        )
        self.assertEqual(len(self.chunks[0].octets), PIECE_BYTES)
        path, headers, body = self.server.requests[0]
        self.assertEqual(path, "/v1/audio/speech")
        self.assertEqual(
            body,
            {"model": "tts-1", "input": "Hello there.", "voice": "alloy", "response_format": "wav"},
        )
        self.assertNotIn("authorization", headers)

    async def test_options(self) -> None:
        """What was asked for is passed on; MP3 comes as it is."""
        await self.speak(
            model="kokoro", voice_id="af", speed=1.5, format="mp3", instructions="Softly."
        )
        self.assertEqual(self.audio(), MP3)
        self.assertEqual(
            self.server.requests[0][2],
            {
                "model": "kokoro",
                "input": "Hello there.",
                "voice": "af",
                "response_format": "mp3",
                "speed": 1.5,
                "instructions": "Softly.",
            },
        )

    async def test_long(self) -> None:
        """A long text goes in several requests, the first a sentence; nothing is lost."""
        await self.speak(LONG)
        texts = [body["input"] for _, _, body in self.server.requests]
        self.assertEqual(" ".join(texts), LONG.strip())
        self.assertEqual(texts[0], "It rains again in the town, as it did before.")
        self.assertLessEqual(max(map(len, texts)), REQUEST_CHARS)
        self.assertEqual(self.audio(), PCM * len(texts))

    async def test_waits(self) -> None:
        """While there is no room, no further request is made."""
        self.room = Deferred()
        spoken = self.speak("One. Two.")
        while not self.chunks:
            await deferLater(REACTOR, 0)
        await deferLater(REACTOR, 0.05)
        self.assertEqual((len(self.chunks), len(self.server.requests)), (1, 1))
        room, self.room = self.room, None
        room.callback(None)
        await spoken
        self.assertEqual(self.audio(), PCM * 2)

    async def test_key(self) -> None:
        """A key is sent to the server of the setting, and to no other."""
        self.configure(Keys(**{KEY_VARIABLE: "k-1"}))
        await self.speak()
        await self.speak(base_url=f"{self.url}/v1")
        sent = [headers.get("authorization") for _, headers, _ in self.server.requests]
        self.assertEqual(sent, ["Bearer k-1", None])

    async def test_failures(self) -> None:
        """What goes wrong is told with the server's name and words."""
        where = f"{self.url}/v1/audio/speech"
        for text, words in (
            ("(busy)", f"{where} answered 429: The server is busy."),
            ("(broken)", f"{where} answered 500: The server is broken."),
            ("(cut)", f"{where} dropped the connection before its answer was whole"),
            ("(empty)", f"{where} sent no audio"),
        ):
            self.assertIn(words, await self.refused(text))

    async def test_nonsense(self) -> None:
        """An answer that is no audio is refused at its first octets; the next is not harmed."""
        self.assertIn("sent no WAV", await self.refused("(nonsense)"))
        self.assertIn("sent no MP3", await self.refused("(nonsense)", format="mp3"))
        await self.speak()
        self.assertEqual(self.audio(), PCM)

    async def test_cancelled(self) -> None:
        """Cancelling amid an answer closes the socket: the server sees it go."""
        spoken = self.speak("(stall)")
        while not self.chunks:
            await deferLater(REACTOR, 0)
        began = REACTOR.seconds()
        spoken.cancel()
        await self.assertFailure(spoken, CancelledError)
        await self.server.gone
        self.assertLess(REACTOR.seconds() - began, 0.1)

    async def test_nobody(self) -> None:
        """Where nobody listens, that is what is told."""
        said = await self.refused(base_url="http://127.0.0.1:1")
        self.assertEqual(
            said, "cannot reach http://127.0.0.1:1/v1/audio/speech: connection refused"
        )

    async def test_missing(self) -> None:
        """Without a URL the text names the variable; a wrong one is told by its name."""
        self.configure(url="")
        said = await self.told(self.speak(), MissingComponent)
        self.assertTrue(said.startswith("no local speech server: set CAR_TTS_URL to"))
        for wrong in ("file:///etc", "nonsense", "http://"):
            said = await self.told(self.speak(base_url=wrong), InvalidRequest)
            self.assertEqual(said, "base_url: expected an http or https URL")


@needs("sentencex")
class ElevenLabsTests(ServiceCase):
    """ElevenLabs against its "Stream speech"."""

    provider = "elevenlabs"

    def make_server(self) -> Service:
        """ElevenLabs'."""
        return ElevenLabsServer(REACTOR)

    async def test_mp3(self) -> None:
        """MP3 with the first voice of the account, which is asked for once."""
        await self.speak(format="mp3")
        await self.speak(format="mp3")
        self.assertEqual(self.audio(), MP3 * 2)
        self.assertEqual({chunk.format for chunk in self.chunks}, {"mp3"})
        speech = "/v1/text-to-speech/voice-one/stream?output_format=mp3_44100_128"
        self.assertEqual(
            [path for path, _, _ in self.server.requests], ["/v1/voices", speech, speech]
        )
        self.assertEqual(
            self.server.requests[1][2], {"text": "Hello there.", "model_id": "eleven_flash_v2_5"}
        )

    async def test_options(self) -> None:
        """PCM, a voice, a language and a pace; each part knows its neighbours."""
        await self.speak("One. Two.", format="wav", voice_id="a/b", language="en-GB", speed=1.1)
        self.assertEqual(self.audio(), PCM * 2)
        self.assertEqual(self.chunks[0].sample_rate, RATE)
        (path, _, first), (_, _, second) = self.server.requests
        self.assertEqual(path, f"/v1/text-to-speech/a%2Fb/stream?output_format=pcm_{RATE}")
        settings = {
            "model_id": "eleven_flash_v2_5",
            "language_code": "en",
            "voice_settings": {"speed": 1.1},
        }
        self.assertEqual(first, {"text": "One.", "next_text": "Two.", **settings})
        self.assertEqual(second, {"text": "Two.", "previous_text": "One.", **settings})

    async def test_other_model(self) -> None:
        """A model gets only the members that it takes."""
        await self.speak("One. Two.", model="eleven_v3", voice_id="two", language="de")
        await self.speak(model="eleven_multilingual_v2", voice_id="two", language="de")
        bodies = [body for _, _, body in self.server.requests]
        self.assertEqual(
            bodies[0], {"text": "One.", "model_id": "eleven_v3", "language_code": "de"}
        )
        self.assertEqual(bodies[2], {"text": "Hello there.", "model_id": "eleven_multilingual_v2"})

    async def test_no_key(self) -> None:
        """Without a key nobody is asked, and the text says what to set."""
        self.configure(Keys(OTHER="x"))
        said = await self.told(self.speak(), MissingKey)
        self.assertEqual(said, NO_KEY)
        voice = self.synthesisers.named("elevenlabs")
        self.assertEqual(await voice.readiness(), NO_KEY)
        self.assertEqual(self.server.requests, [])

    async def test_refused_key(self) -> None:
        """A key that is refused is told, without the key."""
        self.configure(Keys(ELEVENLABS_API_KEY="wrong-key"))
        for members in ({}, {"voice_id": "two"}):
            said = await self.refused(**members)
            self.assertIn("answered 401: Invalid", said)
            self.assertNotIn("wrong-key", said)

    async def test_failures(self) -> None:
        """What goes wrong amid the speech."""
        for text, words in (
            ("(nonsense)", f"{self.url} sent no MP3"),
            ("(busy)", f"{self.url} answered 429: The server is busy. ***"),
            ("(broken)", f"{self.url} answered 500: The server is broken. ***"),
            ("(cut)", f"{self.url} dropped the connection before its answer was whole"),
            ("(empty)", f"{self.url} sent no audio"),
        ):
            self.assertEqual(await self.refused(text, voice_id="two", format="mp3"), words)

    async def test_voices(self) -> None:
        """An account without voices, and a list that is none."""
        server = self.server
        assert isinstance(server, ElevenLabsServer)
        server.voices = {"voices": []}
        said = await self.told(self.speak(), InvalidRequest)
        self.assertIn("voice_id: the ElevenLabs account has no voices", said)
        server.voices = {"detail": 1}
        self.assertIn(f"{self.url}/v1/voices sent no list of voices", await self.refused())

    async def test_wrong_options(self) -> None:
        """What it cannot do is told by the name of the member."""
        for members, words in (
            ({"speed": 2.0}, "speed: elevenlabs takes 0.7 to 1.2"),
            ({"base_url": "http://x"}, "base_url: provider 'elevenlabs' takes none"),
        ):
            said = await self.told(self.speak(**members), InvalidRequest)
            self.assertEqual(said, words)
