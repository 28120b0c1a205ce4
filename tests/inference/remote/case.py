"""A remote back end and the stand-ins of its providers, joined in memory; time on a clock."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.test.iosim import FakeTransport, IOPump
from twisted.test.iosim import connect as join
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from car.inference.interfaces import IKeySource
from car.inference.models import ModelSchema, Protocol, RemoteApi, Source
from car.inference.records import Completion, GenerateRequest, StreamEvent
from car.inference.remote.backend import RemoteGenerator
from car.inference.remote.keys import KeyPools
from car.inference.remote.transport import HttpTransport
from car.ir.json import JsonObject
from tests.inference.standins.provider import Provider
from tests.inference.standins.script import KEY
from tests.inference.standins.site import StandIns

ENDPOINT = "http://stand-in.test"
KEY_NAME = "LAB_API_KEY"

_ADDRESS = IPv4Address("TCP", "127.0.0.1", 80)

PROTOCOLS: tuple[Protocol, ...] = (
    "open_ai_compat",
    "open_ai_responses",
    "anthropic",
    "google",
    "azure_open_ai",
)

WEATHER: JsonObject = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@implementer(IKeySource)
class Keys:
    """Has the *pairs* of names and keys."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = list(pairs)

    def keys(self, names: Sequence[str]) -> Deferred[list[tuple[str, str]]]:
        """Those of *names*."""
        return succeed([pair for name in names for pair in self.pairs if pair[0] == name])


@implementer(IStreamClientEndpoint)
class Network:
    """Connects clients in memory to a *site*; ``octets`` is how many a client gets at a time
    (0: as many as there are).
    """

    octets = 0

    def __init__(self, site: IProtocolFactory, clock: Clock) -> None:
        self._site = site
        self._clock = clock
        self._pumps: list[IOPump] = []

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Join a connection; fires at once."""
        client: Any = protocolFactory.buildProtocol(_ADDRESS)
        server: Any = self._site.buildProtocol(_ADDRESS)
        received = client.dataReceived

        def in_pieces(data: bytes) -> None:
            size = self.octets or len(data)
            for start in range(0, len(data), size):
                received(data[start : start + size])

        client.dataReceived = in_pieces
        to_client = FakeTransport(server, isServer=True, peerAddress=_ADDRESS)
        to_server = FakeTransport(client, isServer=False, peerAddress=_ADDRESS)
        self._pumps.append(
            join(server, to_client, client, to_server, clock=self._clock, greet=False)
        )
        return succeed(client)

    def flush(self) -> None:
        """Carry octets to and fro until none are left."""
        while sum(pump.flush() for pump in self._pumps):
            pass


@implementer(IStreamClientEndpoint)
class Nowhere:
    """An endpoint where every connection is refused; ``attempts`` counts them."""

    attempts = 0

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Fail."""
        self.attempts += 1
        return fail(ConnectionRefusedError())

    def flush(self) -> None:
        """Carry nothing."""


def remote_model(
    name: str = "lab", protocol: Protocol = "open_ai_compat", **members: Any
) -> ModelSchema:
    """A model called *name* behind the stand-in of *protocol*."""
    members.setdefault("source", RemoteApi(ENDPOINT, api_key_env=KEY_NAME, protocol=protocol))
    return ModelSchema(id=f"stand-in/{name}:1", name=name, **members)


def other_model(source: Source) -> ModelSchema:
    """A model with *source*."""
    return ModelSchema(id="stand-in/other:1", name="other", source=source)


class RemoteCase(SynchronousTestCase):
    """``generator`` asks the ``stand_ins`` through ``endpoint``; ``heard`` is what a sink got."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.stand_ins = StandIns(self.clock)
        self.endpoint: Any = Network(self.stand_ins.site, self.clock)
        self.ways: list[tuple[str, int]] = []
        self.keys = Keys((KEY_NAME, KEY))
        self.pools = KeyPools(None, self.clock, maybeDeferred, self.clock.seconds)
        self.transport = HttpTransport(self.clock, proxies={}, open_way=self.open_way)
        self.generator = RemoteGenerator(
            self.clock,
            self.keys,
            self.pools,
            transport=self.transport,
            now=self.clock.seconds,
            chance=lambda: 1.0,
        )
        self.heard: list[StreamEvent] = []

    def open_way(self, host: str, port: int) -> IStreamClientEndpoint:
        """The way to the stand-ins, whatever the host."""
        self.ways.append((host, port))
        way: IStreamClientEndpoint = self.endpoint
        return way

    def provider(self, protocol: str = "open_ai_compat") -> Provider:
        """The stand-in of *protocol*."""
        return self.stand_ins.providers[protocol]

    def begin(
        self,
        model: ModelSchema,
        request: GenerateRequest | None = None,
        streaming: bool = True,
    ) -> Deferred[Completion]:
        """Put *request* to *model*, and carry all octets that this causes."""
        request = request or GenerateRequest(prompt="Guten Tag")
        sink = self.heard.append if streaming else None
        asked = self.generator.generate(model, request, sink)
        self.flush()
        return asked

    def complete(
        self,
        model: ModelSchema,
        request: GenerateRequest | None = None,
        streaming: bool = True,
    ) -> Completion:
        """The answer of *model* to *request*."""
        answer = self.successResultOf(self.begin(model, request, streaming))
        self.assertQuiet()
        return answer

    def failed(
        self,
        model: ModelSchema,
        request: GenerateRequest | None = None,
        streaming: bool = True,
        kind: type[Exception] = Exception,
    ) -> Any:
        """The failure of *model* at *request*."""
        failure = self.failureResultOf(self.begin(model, request, streaming), kind)
        self.assertQuiet()
        return failure.value

    def flush(self) -> None:
        """Carry octets until there are no more."""
        self.endpoint.flush()

    def advance(self, seconds: float) -> None:
        """Let time pass, then carry octets."""
        self.clock.advance(seconds)
        self.flush()

    def assertQuiet(self) -> None:
        """Once kept connections are closed, no timer is left but those of the site."""
        self.transport.close()
        self.flush()
        timers: Any = self.clock.getDelayedCalls()
        ours = [timer for timer in timers if "Site" not in repr(timer.func)]
        self.assertEqual(ours, [])
