"""The provider ``espeak``: a process of espeak-ng for each piece of text, some 10 ms each."""

import re
import shutil
from collections.abc import Mapping
from typing import Any

from car.inference.interfaces import InThread
from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent
from car.voice.speech.programs import run
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.sentences import cut
from car.voice.speech.synthesiser import OnChunk, Synthesiser, hand_on, refuse
from car.voice.speech.waves import WaveReader

PROGRAM = "espeak-ng"

WORDS_A_MINUTE = 175
"""Its usual pace (espeak-ng(1), ``-s``)."""

MOST_WORDS_A_MINUTE = 450
"""Beyond, it mumbles (espeak-ng(1) recommends no more); it speaks no slower than 80."""

SECONDS = 30.0
"""How long one piece may take [ours]; 300 characters take some 30 ms."""

DEFAULT_VOICE = "en-us"

_VARIANT = re.compile(r"\+[A-Za-z0-9_-]{1,32}")


class Espeak(Synthesiser):
    """espeak-ng, found on the ``PATH`` of *environ*.  *reactor* provides processes and time."""

    name = "espeak"
    description = "espeak-ng on this machine: robotic, quick, over 100 languages"
    formats = ("wav", "pcm")

    def __init__(self, reactor: Any, in_thread: InThread, environ: Mapping[str, str]) -> None:
        super().__init__(in_thread)
        self._reactor = reactor
        self._environ = environ
        self._voices: tuple[str, ...] = ()

    async def voices(self) -> tuple[str, ...]:
        """The names that ``voice_id`` may have: languages, names and files of its voices.

        To each a variant may be added: ``en-gb+f3``.  Raises MissingComponent, EngineFailed.
        """
        if not self._voices:
            command = (self._program(), "--voices")
            listing = await run(self._reactor, command, "", SECONDS)
            self._voices = _listed(listing.decode("utf-8", "replace"))
        return self._voices

    async def _check(self, options: SpeechOptions) -> str:
        refuse(options, self.name, "base_url", "instructions", "model")
        self.format_of(options)
        program = self._program()
        await self._voice(options)
        return program

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        program = await self.check(options)
        voice = await self._voice(options)
        pace = min(round(WORDS_A_MINUTE * options.speed), MOST_WORDS_A_MINUTE)
        # The text comes by standard input: it is nobody's business in a list of processes.
        command = (program, "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(pace))
        for piece in await self._in_thread(cut, text, options.language or voice):
            wave = WaveReader(PROGRAM)
            samples = wave.feed(await run(self._reactor, command, piece, SECONDS))
            if not samples:
                raise EngineFailed(f"{PROGRAM} made no speech of a piece of the text")
            await hand_on(on_chunk, Chunk(samples, "pcm", wave.sample_rate))

    def _program(self) -> str:
        program = shutil.which(PROGRAM, path=self._environ.get("PATH"))
        if program is None:
            raise MissingComponent(
                "provider 'espeak' needs the program espeak-ng (Debian: apt install espeak-ng)"
            )
        return program

    async def _voice(self, options: SpeechOptions) -> str:
        """The voice for *options*, as ``-v`` takes it.  Raises InvalidRequest."""
        known = await self.voices()
        if options.voice_id is not None:
            base, plus, variant = options.voice_id.partition("+")
            if base not in known or (plus and not _VARIANT.fullmatch(plus + variant)):
                raise InvalidRequest(
                    f"voice_id: espeak-ng has no voice '{options.voice_id}'; "
                    "those of `espeak-ng --voices` are meant, such as en-us or de+f3"
                )
            return options.voice_id
        if options.language is None:
            return DEFAULT_VOICE
        wanted = options.language.lower()
        for name in (wanted, wanted.partition("-")[0]):
            if name in known:
                return name
        raise InvalidRequest(f"language: espeak-ng has no voice for '{options.language}'")


def _listed(listing: str) -> tuple[str, ...]:
    """Languages, names and files out of ``espeak-ng --voices``: columns 2, 4 and 5."""
    rows = [row for line in listing.splitlines()[1:] if len(row := line.split()) >= 5]
    return tuple(dict.fromkeys(row[column] for column in (1, 3, 4) for row in rows))
