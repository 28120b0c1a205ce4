"""Tests of car.voice.recognisers.engines and local, with processes that are fakes."""

import base64

from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, TooMany
from car.voice.interfaces import IRecogniser
from car.voice.recognisers import locate, pocketsphinx
from car.voice.recognisers.backends import open_backend
from car.voice.recognisers.engines import MAX_WAITING, FileRequest, LocalEngines
from car.voice.records import VoiceOptions
from tests.voice.recognisers.doubles import FakeWorkerTestCase, in_thread

RESULT = {"text": "an owl", "segments": [], "language": "en", "duration_ms": 900}


class EnginesTestCase(FakeWorkerTestCase):
    """Both engines; which of them is ready is the test's to say."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(locate, "packaged_file", lambda name, ending: None)
        self.lacks: dict[str, str] = {}

        def library(name: str, feature: str) -> str | None:
            return self.lacks.get(name)

        self.patch(locate, "library_missing", library)
        self.patch(pocketsphinx, "library_missing", library)
        self.environment = {"CAR_WHISPER_MODEL": str(self.model)}
        self.engines = LocalEngines(self.clock, in_thread, environment=self.environment, threads=1)

    @property
    def engine(self) -> str:
        """The engine of the worker that was started last."""
        engine: str = self.process.received[0]["open"]["engine"]
        return engine


class LocalTests(EnginesTestCase):
    """LocalRecogniser: the best that is ready."""

    def test_whisper(self) -> None:
        """Where there is a model, it is used."""
        verifyObject(IRecogniser, self.engines.local)
        self.assertIsNone(self.successResultOf(self.engines.local.readiness()))
        self.open(self.engines.local, ["en"])
        self.assertEqual(self.engine, "whisper")

    def test_pocketsphinx(self) -> None:
        """Without a model pocketsphinx is used; also by who asks for it by name."""
        self.open(self.engines.local, model="pocketsphinx")
        self.assertEqual(self.engine, "pocketsphinx")
        self.environment.clear()
        self.assertIsNone(self.successResultOf(self.engines.local.readiness()))
        self.open(self.engines.local)
        self.assertEqual(len(self.clock.processes), 1)

    def test_neither(self) -> None:
        """What both lack is told."""
        self.environment.clear()
        self.lacks["pocketsphinx"] = "pocketsphinx is not installed"
        text = self.successResultOf(self.engines.local.readiness())
        self.assertEqual(text, f"{locate.NO_MODEL}; pocketsphinx is not installed")
        opening = self.engines.local.open(VoiceOptions(), None, None)
        self.assertEqual(self.failureResultOf(opening, MissingComponent).getErrorMessage(), text)

    def test_named_model(self) -> None:
        """A model that is asked for by name is whisper's or none."""
        opening = self.engines.local.open(VoiceOptions(model="large"), None, None)
        self.failureResultOf(opening, InvalidRequest)


class TranscribeTests(EnginesTestCase):
    """LocalEngines.transcribe_file."""

    def test_whisper(self) -> None:
        """The file is recognised by the model, which the answer names."""
        request = FileRequest(audio_path="/a.wav", language="en-US", prompt="Of owls.")
        answer = self.engines.transcribe_file(request)
        self.process.say({"opened": True})
        self.answer(["en"])
        self.assertEqual(
            self.calls[-1]["arguments"],
            {"audio_path": "/a.wav", "language": "en", "prompt": "Of owls."},
        )
        self.answer(RESULT)
        self.assertEqual(self.successResultOf(answer), {**RESULT, "model": "tiny"})

    def test_pocketsphinx(self) -> None:
        """It takes files as well; octets win over a path."""
        octets = base64.b64encode(b"RIFF").decode()
        request = FileRequest(audio_path="/a.wav", audio_b64=octets, model="pocketsphinx")
        answer = self.engines.transcribe_file(request)
        self.process.say({"opened": True})
        self.assertEqual(self.calls[-1]["arguments"], {"audio_b64": octets})
        self.answer(RESULT)
        self.assertEqual(self.successResultOf(answer)["model"], "pocketsphinx")

    def test_refused(self) -> None:
        """What is no request is told before a worker is started."""
        for request, text in (
            (FileRequest(), "audio_path: expected the path of an audio file, or audio_b64"),
            (FileRequest(audio_path="a.wav"), "audio_path: expected an absolute path"),
            (FileRequest(audio_path="/a\0"), "audio_path: expected an absolute path"),
            (FileRequest(audio_b64="A" * ((32 << 20) + 1)), "audio_b64: expected at most"),
            (FileRequest(audio_path="/a", model="x"), "model: expected"),
        ):
            failure = self.failureResultOf(self.engines.transcribe_file(request), InvalidRequest)
            self.assertIn(text, failure.getErrorMessage())
        self.assertEqual(self.clock.processes, [])

    def test_one_at_a_time(self) -> None:
        """Files are recognised one after the other; not many may wait; one may be given up."""
        request = FileRequest(audio_path="/a.wav", model="pocketsphinx")
        first, second, *others = (
            self.engines.transcribe_file(request) for _ in range(1 + MAX_WAITING)
        )
        self.failureResultOf(self.engines.transcribe_file(request), TooMany)
        self.process.say({"opened": True})
        self.assertEqual(len(self.calls), 1)
        first.cancel()
        self.failureResultOf(first)
        self.assertEqual(len(self.calls), 2)
        self.answer(RESULT)
        self.successResultOf(second)
        for other in others:
            other.addErrback(lambda _: None)
            other.cancel()

    def test_stop(self) -> None:
        """All workers are killed, and what waits fails."""
        answer = self.engines.transcribe_file(FileRequest(audio_path="/a.wav"))
        self.open(self.engines.pocketsphinx)
        self.assertEqual(len(self.engines.pids), 2)
        stopping = self.engines.stop()
        for process in self.clock.processes:
            process.end(signal=9)
        self.successResultOf(stopping)
        self.failureResultOf(answer, EngineFailed)
        self.assertEqual(self.engines.pids, [])

    def test_backends(self) -> None:
        """A worker is of an engine that there is."""
        with self.assertRaisesRegex(InvalidRequest, "engine must be whisper or pocketsphinx"):
            open_backend({"engine": "vosk"}, "")
