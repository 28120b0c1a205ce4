"""The provider ``piper``: neural voices in processes that are kept, one a voice and pace."""

import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred, gatherResults

from car.components import missing_text
from car.inference.interfaces import InThread
from car.voice.errors import InvalidRequest, MissingComponent, TooMany
from car.voice.speech.piper_process import MODULE, PiperProcess
from car.voice.speech.piper_voices import PiperVoice, find_voice
from car.voice.speech.records import Chunk, SpeechOptions
from car.voice.speech.sentences import cut
from car.voice.speech.synthesiser import OnChunk, Synthesiser, hand_on, refuse
from car.voice.speech.waves import WaveReader

MOST_PROCESSES = 3
"""So many voices or paces at once [ours]: a process holds some 200 MB."""

_WARMING = "Hello."


class _Found(Struct, frozen=True):
    """What speaks: the command of piper, and the voice."""

    command: tuple[str, ...]
    voice: PiperVoice


class Piper(Synthesiser):
    """piper and its voices, as *environ* and the installed packages have them.

    *reactor* provides processes and time.
    """

    name = "piper"
    description = "piper on this machine: a neural voice, quicker than real time"
    formats = ("wav", "pcm")

    def __init__(self, reactor: Any, in_thread: InThread, environ: Mapping[str, str]) -> None:
        super().__init__(in_thread)
        self._reactor = reactor
        self._environ = environ
        self._found: dict[str | None, _Found] = {}
        self._processes: dict[tuple[Path, float], PiperProcess] = {}

    @property
    def pids(self) -> list[int]:
        """The ids of its processes."""
        running = [process for process in self._processes.values() if not process.is_over]
        return [pid for process in running if (pid := process.pid) is not None]

    def prepare(self, options: SpeechOptions) -> Deferred[str]:
        """Fires with the path of the voice once a process has it loaded."""
        return Deferred.fromCoroutine(self._prepare(options))

    def stop(self) -> Deferred[None]:
        """Kill the processes; fires when they are gone."""
        processes, self._processes = self._processes, {}
        gone = gatherResults([process.stop() for process in processes.values()])
        return gone.addCallback(lambda _: None)

    async def _prepare(self, options: SpeechOptions) -> str:
        found = await self._look_up(options)
        path = await self._process(found, options).say(_WARMING)
        await self._in_thread(path.unlink)
        return str(found.voice.path)

    async def _check(self, options: SpeechOptions) -> str:
        return str((await self._look_up(options)).voice.path)

    async def _speak(self, text: str, options: SpeechOptions, on_chunk: OnChunk) -> None:
        found = await self._look_up(options)
        language = options.language or found.voice.language
        for piece in await self._in_thread(cut, text, language):
            path = await self._process(found, options).say(piece)
            await hand_on(on_chunk, await self._in_thread(_take, path))

    async def _look_up(self, options: SpeechOptions) -> _Found:
        """What is to speak, looked for once.  Raises MissingComponent, InvalidRequest."""
        refuse(options, self.name, "base_url", "instructions", "model")
        self.format_of(options)
        found = self._found.get(options.voice_id)
        if found is None:
            found = await self._in_thread(_find, options.voice_id, self._environ)
            self._found[options.voice_id] = found
        language = found.voice.language
        wanted = (options.language or "").partition("-")[0].lower()
        if wanted and language and wanted != language:
            raise InvalidRequest(
                f"language: the piper voice {found.voice.path.stem} speaks '{language}', "
                f"not '{options.language}'; name another by voice_id"
            )
        return found

    def _process(self, found: _Found, options: SpeechOptions) -> PiperProcess:
        """The process of a voice at a pace, the latest used last.  Raises TooMany."""
        key = (found.voice.path, options.speed)
        process = self._processes.pop(key, None)
        if process is None or process.is_over:
            self._make_room()
            pace = f"{1 / options.speed:.3f}"
            model = ("--model", str(found.voice.path), "--length_scale", pace)
            process = PiperProcess(self._reactor, (*found.command, *model))
            process.start()
        self._processes[key] = process
        return process

    def _make_room(self) -> None:
        self._processes = {
            key: process for key, process in self._processes.items() if not process.is_over
        }
        if len(self._processes) < MOST_PROCESSES:
            return
        for key, process in self._processes.items():
            if not process.is_busy:
                del self._processes[key]
                process.stop()
                return
        raise TooMany(
            f"piper speaks with {MOST_PROCESSES} voices or speeds already, which is the most; "
            "try again later"
        )


def _find(voice_id: str | None, environ: Mapping[str, str]) -> _Found:
    """Blocks, for a hundred milliseconds where many packages are installed."""
    return _Found(_command(environ), find_voice(voice_id, environ))


def _command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """How piper is run: the installed package, else a program on the ``PATH``."""
    try:
        metadata.distribution("piper-tts")
    except metadata.PackageNotFoundError:
        program = shutil.which("piper", path=environ.get("PATH"))
        if program is None:
            raise MissingComponent(missing_text("piper-tts", "tts", "provider 'piper'")) from None
        return (program,)
    return MODULE


def _take(path: Path) -> Chunk:
    """The samples of a file of piper's, which is removed."""
    wave = WaveReader("piper")
    samples = wave.feed(path.read_bytes())
    path.unlink()
    return Chunk(samples, "pcm", wave.sample_rate)
