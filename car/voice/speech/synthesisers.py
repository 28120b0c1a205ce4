"""The synthesisers by name, and which one speaks where nobody says."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, gatherResults

from car.errors import CarError
from car.inference.interfaces import IKeySource, InThread
from car.inference.remote.ways import OpenWay
from car.voice.errors import MissingComponent, UnknownProvider
from car.voice.speech.elevenlabs import ElevenLabs
from car.voice.speech.espeak import Espeak
from car.voice.speech.http import SpeechService
from car.voice.speech.local import LocalServer
from car.voice.speech.piper import Piper
from car.voice.speech.records import SpeechOptions
from car.voice.speech.synthesiser import Synthesiser

CHOICE = ("local", "piper", "espeak")
"""The order in which one is chosen: what the operator has set up, then by how it sounds.  None
that sends the text away or costs money is chosen unasked."""


class Synthesisers:
    """All of them; ``by_name`` is for listings.

    *reactor* provides processes, time and TCP; *keys* has the services' keys, *environ* what
    the operator has set.  *proxies* and *open_way* are as ``HttpTransport`` has them.
    """

    def __init__(
        self,
        reactor: Any,
        in_thread: InThread,
        keys: IKeySource,
        environ: Mapping[str, str],
        *,
        proxies: Mapping[str, str] | None = None,
        open_way: OpenWay | None = None,
    ) -> None:
        self._service = SpeechService(reactor, proxies=proxies, open_way=open_way)
        every: tuple[Synthesiser, ...] = (
            Espeak(reactor, in_thread, environ),
            Piper(reactor, in_thread, environ),
            LocalServer(self._service, in_thread, keys, environ),
            ElevenLabs(self._service, in_thread, keys, environ),
        )
        self.by_name: Mapping[str, Synthesiser] = {each.name: each for each in every}

    def named(self, name: str) -> Synthesiser:
        """The synthesiser called *name*.  Raises UnknownProvider."""
        found = self.by_name.get(name)
        if found is None:
            known = ", ".join(self.by_name)
            raise UnknownProvider(f"unknown speech provider '{name}'; known are: {known}")
        return found

    def choose(self, options: SpeechOptions) -> Deferred[tuple[Synthesiser, SpeechOptions]]:
        """Fires with who can speak with *options*, and these with provider and format settled.

        Fails with UnknownProvider, MissingComponent, MissingKey or InvalidRequest.
        """
        return Deferred.fromCoroutine(self._choose(options))

    def stop(self) -> Deferred[None]:
        """End all processes and connections; fires when they are gone."""
        gone = [each.stop() for each in self.by_name.values()]
        return gatherResults([*gone, self._service.close()]).addCallback(lambda _: None)

    async def _choose(self, options: SpeechOptions) -> tuple[Synthesiser, SpeechOptions]:
        if options.provider is not None:
            named = self.named(options.provider)
            await named.check(options)
            return named, _settled(named, options)
        reasons = []
        for name in CHOICE:
            try:
                await self.by_name[name].check(options)
            except CarError as problem:
                reasons.append(str(problem))
            else:
                return self.by_name[name], _settled(self.by_name[name], options)
        raise MissingComponent(f"no provider can speak this: {'; '.join(reasons)}")


def _settled(chosen: Synthesiser, options: SpeechOptions) -> SpeechOptions:
    return replace(options, provider=chosen.name, format=chosen.format_of(options))
