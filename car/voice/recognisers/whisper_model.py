"""A Whisper model in a worker process, run by faster-whisper (CTranslate2).

Segments of speech are decoded one by one in a single pass; whole files by the library's own
loop over windows of 30 s.  When a segment is decoded is for ``whisper``.
"""

import base64
import os
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.components import import_component
from car.ir.json import JsonObject, JsonValue
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.recognisers.decoding import Samples, Span, transcribed
from car.voice.recognisers.locate import EXTRA
from car.voice.records import RATE
from car.worker.child import Tell

_ENVIRONMENT = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
"""faster-whisper can load onnxruntime, which is not to report to its maker (see
``car.inference.local.onnx``), and fetch models, which it is not to do."""

_BEAM = 5
"""How many readings of a segment compete; a guess at an open one has one [faster-whisper's]."""

_SHORT_WINDOW, _WINDOW = 1_500, 3_000
"""Frames of 10 ms that are encoded, whatever they hold.  The model knows 30 s; half of it takes
half the time (0.3 s instead of 0.6 s) and gives the same text.  Shorter ones do not."""

_MARGIN = 100
"""Frames of silence that a window has at least after the speech."""

_TOKENS, _TOKENS_A_SECOND = 16, 8
"""How many tokens a segment may have, so that a loop ends soon; speech has 3 to 5 a second."""

_DOUBTFUL_RATIO, _DOUBTFUL_PROBABILITY, _SILENCE = 2.4, -1.0, 0.6
"""A text that compresses better or is less likely (mean of the logarithm) is in doubt; it is
none if also silence is likelier than this.  Whisper's own values."""

_SPAN, _SEARCH = 300 * RATE, 30 * RATE
"""A file is read in spans of at most 5 min, cut in the quietest moment of their last 30 s, as
the spectrum of a whole recording would take gigabytes."""

Floats = NDArray[np.float32]


class _Reading(NamedTuple):
    text: str
    doubtful: bool


class WhisperModel:
    """The model in *directory*; *threads* compute.  Raises MissingComponent, EngineFailed."""

    def __init__(self, directory: str, threads: int) -> None:
        os.environ.update(_ENVIRONMENT)
        feature = "recognising speech with whisper"
        library = import_component("faster_whisper", EXTRA, feature, MissingComponent)
        self._tokenizers = import_component(
            "faster_whisper.tokenizer", EXTRA, feature, MissingComponent
        )
        try:
            self._model: Any = library.WhisperModel(
                directory, device="cpu", compute_type="int8", cpu_threads=threads
            )
        except (RuntimeError, ValueError) as problem:
            raise EngineFailed(f"'{directory}' cannot be loaded: {problem}") from None
        self._languages: list[str] = self._model.supported_languages

    def call(self, op: str, arguments: JsonObject, tell: Tell) -> JsonValue:
        """Do one of

        - ``load {}``: the codes of the languages that the model knows
        - ``decode {pcm, language?, final}``: the text of a segment of speech, 16 kHz mono s16le
          in base64; the best that can be done where it is *final*
        - ``transcribe {audio_path | audio_b64, language?, prompt?}``: a file's ``{text,
          segments, language, duration_ms}``
        """
        match op:
            case "load":
                return self._languages
            case "decode":
                return self._decode(**arguments)
            case "transcribe":
                return self._transcribe(arguments, tell)
        raise InvalidRequest(f"whisper cannot {op}")

    # ---- segments ---------------------------------------------------------------------

    def _decode(self, pcm: str, final: bool, language: str | None = None) -> str:
        audio = _floats(np.frombuffer(base64.b64decode(pcm), "<i2"))
        features: Floats = self._model.feature_extractor(audio)
        window = _SHORT_WINDOW if features.shape[1] + _MARGIN <= _SHORT_WINDOW else _WINDOW
        if features.shape[1] <= window:
            reading = self._read(features, window, language, _BEAM if final else 1)
            if not (final and reading.doubtful):
                return reading.text
        return " ".join(text for _, text in self._carefully(audio, language, None)[0])

    def _read(self, features: Floats, window: int, language: str | None, beam: int) -> _Reading:
        """One pass over *features*, ``(mel bands, frames)``, as *window* of them."""
        room = ((0, 0), (0, window - features.shape[1]))
        encoded = self._model.encode(np.pad(features, room))
        seconds = features.shape[1] / 100
        tokenizer = self._tokenizer(encoded, language)
        found = self._model.model.generate(
            encoded,
            [self._model.get_prompt(tokenizer, [], without_timestamps=True)],
            beam_size=beam,
            max_length=_TOKENS + int(seconds * _TOKENS_A_SECOND),
            suppress_tokens=[-1],
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text: str = tokenizer.decode(found.sequences_ids[0]).strip()
        unlikely = found.scores[0] < _DOUBTFUL_PROBABILITY
        if unlikely and found.no_speech_prob > _SILENCE:
            return _Reading("", doubtful=False)
        return _Reading(text, doubtful=unlikely or _compression(text) > _DOUBTFUL_RATIO)

    def _tokenizer(self, encoded: Any, language: str | None) -> Any:
        """The tokenizer for *language*, or for that of the *encoded* speech."""
        model = self._model
        multilingual: bool = model.model.is_multilingual
        if multilingual and language is None:
            likeliest, _ = model.model.detect_language(encoded)[0][0]
            language = likeliest.strip("<|>")
        return self._tokenizers.Tokenizer(
            model.hf_tokenizer, multilingual, task="transcribe", language=language or "en"
        )

    # ---- files ------------------------------------------------------------------------

    def _transcribe(self, arguments: JsonObject, tell: Tell) -> JsonObject:
        language: str | None = arguments.get("language")

        def hear(span: Span) -> Iterator[JsonObject]:
            nonlocal language
            found, language = self._carefully(
                _floats(span.samples), language, arguments.get("prompt")
            )
            return _placed(found, span)

        heard = transcribed(arguments, _SPAN, _SEARCH, hear, tell)
        return {**heard, "language": language}

    def _carefully(
        self, audio: Floats, language: str | None, prompt: str | None
    ) -> tuple[Iterator[tuple[Any, str]], str]:
        """What the library hears in *audio* with its times, and the language.

        It decodes anew, and less strictly, what is in doubt.
        """
        found, about = self._model.transcribe(
            audio,
            language=language,
            initial_prompt=prompt,
            beam_size=_BEAM,
            condition_on_previous_text=False,
        )
        texts = ((segment, segment.text.strip()) for segment in found)
        return ((segment, text) for segment, text in texts if text), about.language


def _placed(found: Iterator[tuple[Any, str]], span: Span) -> Iterator[JsonObject]:
    """Segments ``{text, start_ms, end_ms}`` of the whole recording."""
    start, end = (
        samples * 1000 // RATE for samples in (span.start, span.start + len(span.samples))
    )
    for segment, text in found:
        yield {
            "text": text,
            "start_ms": min(start + round(segment.start * 1000), end),
            "end_ms": min(start + round(segment.end * 1000), end),
        }


def _floats(samples: Samples) -> Floats:
    floats: Floats = samples.astype(np.float32) / np.float32(32_768)
    return floats


def _compression(text: str) -> float:
    """How many times shorter *text* gets by compression, which repetition makes large."""
    octets = text.encode()
    return len(octets) / len(zlib.compress(octets))
