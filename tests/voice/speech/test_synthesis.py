"""Tests of car.voice.speech.synthesis and draft: with a scripted synthesiser."""

import io
import os
import wave
from base64 import b64decode
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import convert, to_value
from car.voice.errors import EngineFailed, InvalidRequest, UnknownProvider
from car.voice.speech import synthesis
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.synthesis import Synthesized, SynthesizeRequest, prepare, synthesize
from car.voice.speech.synthesisers import Synthesisers
from tests.processes import SpawningClock
from tests.voice.needed import needs
from tests.voice.speech.doubles import Keys, Scripted, in_thread

PCM = Chunk(b"\1\2" * 400, "pcm", 8_000)
"""50 ms."""


@needs("sentencex")
class SynthesisTests(SynchronousTestCase):
    """synthesize: into a file, an answer, or both."""

    def setUp(self) -> None:
        self.synthesisers = Synthesisers(SpawningClock(), in_thread, Keys(), {}, proxies={})
        self.voice = Scripted()
        self.synthesisers.by_name = {"scripted": self.voice}
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        self.path = self.directory / "speech.wav"

    def begin(self, **params: Any) -> Deferred[Synthesized]:
        """Ask for speech."""
        request = convert({"text": "Hello.", "model": "scripted", **params}, SynthesizeRequest)
        return synthesize(self.synthesisers, in_thread, request)

    def complete(self, *chunks: Chunk, **params: Any) -> dict[str, Any]:
        """What is answered to *params* where *chunks* are spoken."""
        asked = self.begin(**params)
        for chunk in chunks or (PCM, PCM):
            taken = self.voice.on_chunk(chunk)
            assert taken is not None
            self.successResultOf(taken)
        self.voice.spoken.callback(None)
        answer: dict[str, Any] = to_value(self.successResultOf(asked))
        return answer

    def test_file(self) -> None:
        """A WAV file is written, and told; nothing else is left."""
        self.path.write_bytes(b"of before")
        answer = self.complete(output_path=str(self.path))
        self.assertEqual(
            answer,
            {
                "audio_path": str(self.path),
                "media_type": "audio/wav",
                "format": "wav",
                "provider": "scripted",
                "size_bytes": 1_644,
                "sample_rate": 8_000,
                "duration_ms": 100,
            },
        )
        with wave.open(str(self.path)) as file:
            self.assertEqual((file.getframerate(), file.getnframes()), (8_000, 800))
        self.assertEqual(os.listdir(self.directory), ["speech.wav"])

    def test_answer(self) -> None:
        """Without a path the audio is in the answer."""
        answer = self.complete()
        self.assertNotIn("audio_path", answer)
        audio = b64decode(answer["audio_b64"])
        self.assertEqual(len(audio), answer["size_bytes"])
        with wave.open(io.BytesIO(audio)) as file:
            self.assertEqual(file.readframes(800), PCM.octets * 2)

    def test_both(self) -> None:
        """With return_b64 it is in both."""
        answer = self.complete(output_path=str(self.path), return_b64=True)
        self.assertEqual(b64decode(answer["audio_b64"]), self.path.read_bytes())

    def test_mp3(self) -> None:
        """MP3 is passed on; neither rate nor duration is known of it."""
        answer = self.complete(Chunk(b"ID3", "mp3", 0), Chunk(b"x", "mp3", 0), format="mp3")
        self.assertEqual(b64decode(answer["audio_b64"]), b"ID3x")
        self.assertEqual(answer["media_type"], "audio/mpeg")
        self.assertNotIn("duration_ms", answer)

    def test_no_mp3(self) -> None:
        """MP3 of a provider that has none is an error."""
        self.voice.formats = ("wav", "pcm")
        problem = self.failureResultOf(self.begin(format="mp3"), InvalidRequest)
        self.assertEqual(str(problem.value), "format: provider 'scripted' gives wav, pcm, not mp3")

    def test_options(self) -> None:
        """A model names the provider and its model; the rest is handed on."""
        self.begin(
            model="scripted/big", voice="v", language="de", speed=2, voice_instruction="Softly."
        )
        self.assertEqual(
            self.voice.asked[0],
            SpeechOptions(
                provider="scripted",
                model="big",
                voice_id="v",
                language="de",
                speed=2.0,
                format="wav",
                instructions="Softly.",
            ),
        )
        self.begin(provider="scripted", model="small")
        self.assertEqual(self.voice.asked[1].model, "small")

    def test_wrong_paths(self) -> None:
        """A path that cannot be written is told before anything is spoken."""
        for path, words in (
            ("speech.wav", "expected an absolute path, not 'speech.wav'"),
            ("/tmp/a\0b", "expected an absolute path"),
            (str(self.directory), "is a directory; expected a file"),
            ("/" + "a" * 300, "cannot be written: File name too long"),
            (str(self.directory / "none" / "x"), "cannot be written: No such file or directory"),
        ):
            problem = self.failureResultOf(self.begin(output_path=path), InvalidRequest)
            self.assertTrue(str(problem.value).startswith("output_path: "))
            self.assertIn(words, str(problem.value))
        self.assertEqual(self.voice.texts, [])

    def test_wrong_requests(self) -> None:
        """An empty text, a voice to imitate, a provider that is not known."""
        for params, kind in (
            ({"text": " ... "}, InvalidRequest),
            ({"text": "x" * 20_001}, InvalidRequest),
            ({"reference_audio_path": "/x.wav"}, InvalidRequest),
            ({"reference_text": "x"}, InvalidRequest),
            ({"model": "kokoro"}, UnknownProvider),
        ):
            self.failureResultOf(self.begin(**params), kind)

    def test_fails(self) -> None:
        """What fails amid the speech leaves the file of before."""
        self.path.write_bytes(b"of before")
        asked = self.begin(output_path=str(self.path))
        self.voice.on_chunk(PCM)
        self.voice.spoken.errback(EngineFailed("piper ended (signal 9)"))
        self.failureResultOf(asked, EngineFailed)
        self.assertEqual(self.path.read_bytes(), b"of before")
        self.assertEqual(os.listdir(self.directory), ["speech.wav"])

    def test_cancelled(self) -> None:
        """Cancelling stops the speech and leaves nothing."""
        asked = self.begin(output_path=str(self.path))
        self.voice.on_chunk(PCM)
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertEqual(self.voice.cancelled, 1)
        self.assertEqual(os.listdir(self.directory), [])

    def test_too_long_an_answer(self) -> None:
        """Audio that is too long for an answer is told; a file may be longer."""
        self.patch(synthesis, "MOST_ANSWER_BYTES", 500)
        self.begin()
        taken = self.voice.on_chunk(PCM)
        assert taken is not None
        problem = self.failureResultOf(taken, InvalidRequest)
        self.assertIn("give output_path", str(problem.value))
        self.complete(output_path=str(self.path))

    def test_other_rate(self) -> None:
        """A rate that changes amid the speech is an error."""
        self.begin()
        self.voice.on_chunk(PCM)
        taken = self.voice.on_chunk(Chunk(b"\1\2", "pcm", 16_000))
        assert taken is not None
        self.failureResultOf(taken, EngineFailed)

    def test_prepare(self) -> None:
        """Preparing fires with a path."""
        options = SpeechOptions(provider="scripted")
        self.assertEqual(self.successResultOf(prepare(self.synthesisers, options)), "/scripted")
