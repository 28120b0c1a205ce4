"""Tests of car.voice.recognisers.whisper_model, with a library that is a fake."""

import base64
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonValue
from car.voice.errors import EngineFailed, InvalidRequest
from car.voice.recognisers import decoding, whisper_model
from car.voice.recognisers.whisper_model import WhisperModel
from car.voice.records import RATE
from tests.voice.recognisers.doubles import SECOND


class FakeLibrary:
    """As much of faster-whisper as is used; notes what it is asked."""

    def __init__(self) -> None:
        self.score = -0.2
        self.no_speech = 0.0
        self.text = " an owl "
        self.likeliest = "<|de|>"
        self.broken = False
        self.generated: list[dict[str, Any]] = []
        self.windows: list[int] = []
        self.languages: list[tuple[bool, str]] = []
        self.transcribed: list[tuple[float, dict[str, Any]]] = []
        self.supported_languages = ["en", "de"]
        self.hf_tokenizer = None
        self.model = SimpleNamespace(
            is_multilingual=True,
            generate=self.generate,
            detect_language=lambda encoded: [[(self.likeliest, 0.9), ("<|en|>", 0.1)]],
        )

    def __call__(self, name: str, extra: str, feature: str, error: object) -> Any:
        return self

    def WhisperModel(self, directory: str, **options: object) -> "FakeLibrary":
        """The model."""
        if self.broken:
            raise RuntimeError("no such weights")
        return self

    def Tokenizer(
        self, tokenizer: object, multilingual: bool, task: str, language: str
    ) -> "FakeLibrary":
        """The tokenizer."""
        self.languages.append((multilingual, language))
        return self

    def feature_extractor(self, audio: Any) -> Any:
        """A frame for each 10 ms."""
        return np.zeros((80, len(audio) * 100 // RATE), np.float32)

    def encode(self, features: Any) -> Any:
        """Note the window."""
        self.windows.append(features.shape[1])
        return features

    def get_prompt(self, tokenizer: object, before: list[int], without_timestamps: bool) -> str:
        """What the tokens come after."""
        assert without_timestamps and not before
        return "prompt"

    def generate(self, encoded: object, prompts: list[str], **options: Any) -> Any:
        """Tokens and how likely they are."""
        self.generated.append(options)
        found = SimpleNamespace(
            sequences_ids=[[1]], scores=[self.score], no_speech_prob=self.no_speech
        )
        return [found]

    def decode(self, tokens: list[int]) -> str:
        """The text."""
        return self.text

    def transcribe(self, audio: Any, **options: Any) -> tuple[Iterator[Any], Any]:
        """What the library's own loop hears: two segments and one of nothing."""
        self.transcribed.append((len(audio) / RATE, options))
        found = [
            SimpleNamespace(text=text, start=start, end=start + 2)
            for text, start in ((" one", 0.0), (" ", 2.0), (" two", 4.0))
        ]
        return iter(found), SimpleNamespace(language="de")


class WhisperModelTests(SynchronousTestCase):
    """WhisperModel.call."""

    def setUp(self) -> None:
        self.library = FakeLibrary()
        self.patch(whisper_model, "import_component", self.library)
        self.model = WhisperModel("/models/tiny", 1)
        self.cancelled = False

    def call(self, op: str, **arguments: JsonValue) -> Any:
        """Have the model do *op*."""
        return self.model.call(op, arguments, lambda part: self.cancelled)

    def decode(self, seconds: int, final: bool = True, **arguments: JsonValue) -> str:
        """The text of a segment."""
        pcm = base64.b64encode(SECOND * seconds).decode()
        text: str = self.call("decode", pcm=pcm, final=final, **arguments)
        return text

    def test_window(self) -> None:
        """A segment is read in a window that it fits in with a second to spare."""
        for seconds in (0, 1, 14, 15, 30):
            self.assertEqual(self.decode(seconds), "an owl")
        self.assertEqual(self.library.windows, [1_500, 1_500, 1_500, 3_000, 3_000])
        self.assertEqual(self.library.transcribed, [])
        self.assertEqual(self.decode(31), "one two")
        self.assertEqual(self.library.transcribed[0][0], 31)

    def test_effort(self) -> None:
        """Texts get more effort than guesses; how many tokens there are has a bound."""
        self.decode(10)
        self.decode(10, final=False)
        asked = [(one["beam_size"], one["max_length"]) for one in self.library.generated]
        self.assertEqual(asked, [(5, 96), (1, 96)])

    def test_doubt(self) -> None:
        """What is unlikely or repeats itself is read carefully, if it is a text."""
        self.library.score = -1.2
        self.assertEqual(self.decode(2), "one two")
        self.assertEqual(self.decode(2, final=False), "an owl")
        self.library.score, self.library.text = -0.1, "an owl " * 30
        self.assertEqual(self.decode(2), "one two")
        self.assertEqual(len(self.library.transcribed), 2)

    def test_silence(self) -> None:
        """What is unlikely, and likelier no speech, is nothing."""
        self.library.score, self.library.no_speech = -1.2, 0.7
        self.assertEqual(self.decode(2), "")
        self.library.score = -0.5
        self.assertEqual(self.decode(2), "an owl")

    def test_language(self) -> None:
        """A language that is not told is found out, by a model that knows several."""
        self.assertEqual(self.call("load"), ["en", "de"])
        self.decode(1, language="fr")
        self.decode(1)
        self.library.model.is_multilingual = False
        self.decode(1)
        self.assertEqual(self.library.languages, [(True, "fr"), (True, "de"), (False, "en")])

    def test_file(self) -> None:
        """A long file is read in spans; times count from its beginning."""
        audio = [np.zeros(60 * RATE, np.int16)] * 6
        self.patch(decoding, "blocks", lambda arguments: iter(audio))
        answer = self.call("transcribe", audio_path="/a.wav", prompt="Owls.")
        lengths = [seconds for seconds, _ in self.library.transcribed]
        self.assertEqual(sum(lengths), 360)
        self.assertLess(max(lengths), 300)
        asked = [
            (options["language"], options["initial_prompt"])
            for _, options in self.library.transcribed
        ]
        self.assertEqual(asked, [(None, "Owls."), ("de", "Owls.")])
        later = int(lengths[0] * 1000)
        self.assertEqual(answer["text"], "one two one two")
        self.assertEqual(answer["duration_ms"], 360_000)
        self.assertEqual(
            [(one["start_ms"], one["end_ms"]) for one in answer["segments"]],
            [(0, 2_000), (4_000, 6_000), (later, later + 2_000), (later + 4_000, later + 6_000)],
        )

    def test_cancelled(self) -> None:
        """A file that nobody waits for any more is not read to its end."""
        audio = [np.zeros(60 * RATE, np.int16)] * 20
        self.patch(decoding, "blocks", lambda arguments: iter(audio))
        self.cancelled = True
        self.call("transcribe", audio_path="/a.wav")
        self.assertEqual(len(self.library.transcribed), 1)

    def test_broken(self) -> None:
        """A model that cannot be loaded is told with its directory; unknown work is refused."""
        with self.assertRaisesRegex(InvalidRequest, "whisper cannot sing"):
            self.call("sing")
        self.library.broken = True
        with self.assertRaisesRegex(EngineFailed, "'/models/tiny' cannot be loaded: no such"):
            WhisperModel("/models/tiny", 1)
