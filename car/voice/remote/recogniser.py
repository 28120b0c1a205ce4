"""RemoteRecogniser: what the services have in common: a key, a URL, a connection that is opened.

What a voice session does with its connections is for ``recognition``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from car.inference.interfaces import IKeySource
from car.inference.remote.failures import without
from car.inference.remote.urls import told
from car.voice.errors import EngineFailed, MissingKey
from car.voice.interfaces import IRecogniser, IRecognition
from car.voice.records import VoiceOptions
from car.voice.remote.conversation import Conversation
from car.voice.remote.link import Link, ServiceBusy, ServiceRefused
from car.voice.remote.recognition import RemoteRecognition
from car.wsclient.connecting import connect
from car.wsclient.errors import CannotConnect

OPEN_SECONDS = 10.0
"""From the call to a service that takes audio [ours]."""

MESSAGE_BYTES = 1 << 20
"""The longest message either way [ours]: those we send have 7 kB, transcripts less."""

_SCHEMES = {"http://": "ws://", "https://": "wss://"}

_REFUSED = {
    401: "refuses the key; check {key_name}",
    402: "wants the account to be paid for",
    403: "does not let this key do that; check {key_name}",
}


@implementer(IRecogniser)
class RemoteRecogniser:
    """Opens voice sessions with a service at *url*, its own address if that is None.

    *url* is a base (``https://``, ``wss://`` and their plain forms; a path stays) or the
    address of the operation in full.  *reactor* provides time and TCP; *keys* has the key.
    *endpoint* takes the way there when given.
    """

    name: str
    description: str
    key_name: str
    default_url: str

    def __init__(
        self,
        reactor: Any,
        keys: IKeySource,
        url: str | None = None,
        *,
        endpoint: IStreamClientEndpoint | None = None,
    ) -> None:
        self.url = _socket_url(url or self.default_url)
        self._reactor = reactor
        self._keys = keys
        self._endpoint = endpoint

    def request(self, options: VoiceOptions, key: str) -> tuple[str, Mapping[str, str]]:
        """The URL and headers to connect with."""
        raise NotImplementedError

    def conversation(self, options: VoiceOptions) -> Conversation:
        """A new one, for a connection."""
        raise NotImplementedError

    def readiness(self) -> "Deferred[str | None]":
        """Fires with None where there is a key, else with the sentence about it."""
        return self._keys.keys([self.key_name]).addCallback(
            lambda found: None if found else self._no_key
        )

    def open(
        self, options: VoiceOptions, on_partial: Any, on_failure: Any
    ) -> "Deferred[IRecognition]":
        """Connect; fires with an IRecognition once the service takes audio.

        Fails with MissingKey or EngineFailed.  Cancelling gives up.
        """
        return Deferred.fromCoroutine(self._open(options, on_partial, on_failure))

    async def _open(
        self,
        options: VoiceOptions,
        on_partial: Callable[[str], object],
        on_failure: Callable[[EngineFailed], object],
    ) -> IRecognition:
        link = await self._connect(options)
        recognition: IRecognition = RemoteRecognition(
            self.name,
            link,
            lambda: self._connect(options),
            self._reactor,
            on_partial if options.partials else None,
            on_failure,
        )
        return recognition

    def _connect(self, options: VoiceOptions) -> "Deferred[Link]":
        """Fires with a connection that takes audio; fails with MissingKey or EngineFailed."""
        opening = Deferred.fromCoroutine(self._connected(options))
        return opening.addTimeout(OPEN_SECONDS, self._reactor, self._too_late)

    async def _connected(self, options: VoiceOptions) -> Link:
        found = await self._keys.keys([self.key_name])
        if not found:
            raise MissingKey(self._no_key)
        _, key = found[0]
        try:
            url, headers = self.request(options, key)
        except ValueError as problem:
            raise EngineFailed(f"{self.name}: {self.url!r} is no URL: {problem}") from None
        try:
            socket = await connect(
                url,
                reactor=self._reactor,
                endpoint=self._endpoint,
                headers=headers,
                timeout=OPEN_SECONDS,
                message_bytes=MESSAGE_BYTES,
            )
        except CannotConnect as problem:
            raise self._refusal(problem, key) from None
        link = Link(self.name, socket, self.conversation(options), self._reactor, key)
        try:
            await link.open()
        except CancelledError:
            link.drop()
            raise
        return link

    def _refusal(self, problem: CannotConnect, key: str) -> EngineFailed:
        status = problem.status
        if status in _REFUSED:
            words = _REFUSED[status].format(key_name=self.key_name)
            return ServiceRefused(f"{self.name} {words} (it answered {status})")
        if status == 429:
            return ServiceBusy(f"{self.name} has had too many requests (429); try again later")
        words = without(str(problem), key)
        return EngineFailed(f"{self.name}: cannot connect to {told(self.url)}: {words}")

    def _too_late(self, result: object, seconds: float) -> Any:
        raise EngineFailed(f"{self.name} was not ready within {seconds:g} s")

    @property
    def _no_key(self) -> str:
        return f"{self.key_name} not set; export it or store it with secret.put"


def _socket_url(url: str) -> str:
    """*url* with the scheme of a WebSocket."""
    for scheme, socket_scheme in _SCHEMES.items():
        if url.startswith(scheme):
            return socket_scheme + url.removeprefix(scheme)
    return url
