"""The services' own SDKs against the stand-ins: the formats are not our invention.

And our recognisers against the same stand-ins, over loopback.
"""

import json
import os
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - sockets are the subject
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from car.voice.records import VoiceOptions
from car.voice.remote.deepgram import DeepgramRecogniser
from car.voice.remote.elevenlabs import ElevenLabsRecogniser
from car.voice.remote.openai_realtime import OpenAIRealtimeRecogniser
from car.voice.remote.recogniser import RemoteRecogniser
from tests.venvs import required_python
from tests.voice.remote.standins.deepgram import DeepgramConversation
from tests.voice.remote.standins.elevenlabs import ElevenLabsConversation
from tests.voice.remote.standins.openai import OpenAIConversation
from tests.voice.remote.standins.service import KEY, Conversation, Service, voice
from tests.voice.speech.doubles import Keys

REACTOR: Any = _reactor

PACKAGES = ("elevenlabs==2.78.0", "deepgram-sdk==7.17.0", "openai[realtime]==3.54.0")

DRIVER = Path(__file__).with_name("drive_sdk.py")


class Driver(ProcessProtocol):
    """Runs the driver with *pcm*; ``done`` fires with what it printed."""

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm
        self._output = b""
        self._errors = b""
        self.done: Deferred[Any] = Deferred()

    def connectionMade(self) -> None:
        """Give it the audio."""
        assert self.transport is not None
        self.transport.write(self._pcm)
        self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        """Keep it."""
        self._output += data

    def errReceived(self, data: bytes) -> None:
        """Keep it."""
        self._errors += data

    def processEnded(self, reason: Failure) -> None:
        """Tell."""
        if reason.check(ProcessDone):
            self.done.callback(json.loads(self._output))
        else:
            self.done.errback(AssertionError(self._errors.decode()))


class LoopbackTests(TestCase):
    """Each service by its SDK and by our recogniser."""

    timeout = 400  # the SDKs may have to be installed

    def listen(self, kind: type[Conversation]) -> Service:
        """A stand-in on ``port``."""
        service = Service(kind, REACTOR)
        port = REACTOR.listenTCP(0, service, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.port = port.getHost().port
        return service

    async def drive(self, service: str, pcm: bytes) -> list[list[Any]]:
        """What the SDK heard."""
        python = required_python("speech-sdks", *PACKAGES)
        driver = Driver(pcm)
        arguments = [str(python), str(DRIVER), service, str(self.port), KEY]
        environment = {"PATH": os.environ.get("PATH", ""), "NO_PROXY": "127.0.0.1"}
        REACTOR.spawnProcess(driver, str(python), arguments, env=environment)
        heard: list[list[Any]] = await driver.done
        return heard

    async def recognise(self, kind: type[RemoteRecogniser], service: Service) -> list[str]:
        """Partials and text of our recogniser, with a connection that is lost on the way."""
        heard: list[str] = []
        keys = Keys(**{kind.key_name: KEY})
        recogniser = kind(REACTOR, keys, f"http://127.0.0.1:{self.port}")
        session = await recogniser.open(VoiceOptions(), heard.append, self.fail)
        service.drop_after_ms = 300
        for phrase in (1, 2):
            session.began()
            session.audio(voice(phrase, 800))
            heard.append(await session.ended())
        await session.close()
        self.assertEqual(service.complaints, [])
        return heard

    async def test_elevenlabs_sdk(self) -> None:
        """Partials, then what was committed."""
        service = self.listen(ElevenLabsConversation)
        heard = await self.drive("elevenlabs", voice(1, 800))
        self.assertEqual(service.complaints, [])
        self.assertIn(["partial_transcript", "one owl"], heard)
        self.assertIn(["committed_transcript", "one owl hoots"], heard)

    async def test_deepgram_sdk(self) -> None:
        """Results, the last from Finalize, and the metadata of the end."""
        service = self.listen(DeepgramConversation)
        heard = await self.drive("deepgram", voice(1, 800))
        self.assertEqual(service.complaints, [])
        self.assertIn(["ListenV1Results", "one owl"], heard)
        self.assertEqual(heard[-2:], [["ListenV1Results", "one owl hoots"], heard[-1]])

    async def test_openai_sdk(self) -> None:
        """The session as it was set up, deltas, and the completed text."""
        service = self.listen(OpenAIConversation)
        pcm = voice(1, 1_200)  # 800 ms at 24 kHz
        heard = await self.drive("openai", pcm)
        self.assertEqual(service.complaints, [])
        kinds = [kind for kind, _ in heard]
        self.assertEqual(kinds[:2], ["SessionCreatedEvent", "SessionUpdatedEvent"])
        self.assertIn("InputAudioBufferCommittedEvent", kinds)
        self.assertEqual(
            heard[-1], ["ConversationItemInputAudioTranscriptionCompletedEvent", "one owl hoots"]
        )

    async def test_elevenlabs(self) -> None:
        """Ours over a socket, with a loss."""
        service = self.listen(ElevenLabsConversation)
        heard = await self.recognise(ElevenLabsRecogniser, service)
        self.assertEqual([text for text in heard if text.count(" ") == 2], FINALS)

    async def test_deepgram(self) -> None:
        """Ours over a socket, with a loss."""
        service = self.listen(DeepgramConversation)
        heard = await self.recognise(DeepgramRecogniser, service)
        self.assertEqual([text for text in heard if text.count(" ") == 2], FINALS)

    async def test_openai(self) -> None:
        """Ours over a socket, with a loss."""
        service = self.listen(OpenAIConversation)
        heard = await self.recognise(OpenAIRealtimeRecogniser, service)
        self.assertEqual([text for text in heard if text.count(" ") == 2], FINALS)


FINALS = ["one owl hoots", "two cats sleep"]
