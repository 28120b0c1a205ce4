"""The remote back end over real sockets: TCP, TLS, and nobody there."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from OpenSSL.crypto import X509, PKey
from twisted.internet import reactor as _reactor  # noqa: TID251 - sockets are the subject
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from car.inference.errors import ProviderError
from car.inference.models import ModelSchema, RemoteApi
from car.inference.records import Completion, GenerateRequest, StreamEvent, TextDelta
from car.inference.remote.backend import RemoteGenerator
from car.inference.remote.keys import KeyPools
from car.inference.remote.transport import HttpTransport
from tests.inference.remote.case import KEY_NAME, PROTOCOLS, Keys, remote_model
from tests.inference.standins.script import GREETING, KEY
from tests.inference.standins.site import StandIns

REACTOR: Any = _reactor


class SocketTests(TestCase):
    """RemoteGenerator and the stand-ins on loopback."""

    def setUp(self) -> None:
        self.stand_ins = StandIns(REACTOR)
        port = REACTOR.listenTCP(0, self.stand_ins.site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.endpoint = f"http://127.0.0.1:{port.getHost().port}"
        self.generator = RemoteGenerator(
            REACTOR,
            Keys((KEY_NAME, KEY)),
            KeyPools(None, REACTOR, maybeDeferred, REACTOR.seconds),
            transport=HttpTransport(REACTOR, proxies={}),
            chance=lambda: 0.0,
        )
        self.addCleanup(self.generator.close)
        self.heard: list[StreamEvent] = []

    def model(self, name: str = "lab", protocol: Any = "open_ai_compat") -> ModelSchema:
        """A model at the stand-ins' port."""
        source = RemoteApi(self.endpoint, KEY_NAME, protocol=protocol)
        return remote_model(name, source=source)

    def ask(self, model: ModelSchema) -> Deferred[Completion]:
        """A streamed answer of *model*."""
        return self.generator.generate(model, GenerateRequest(prompt="Hi"), self.heard.append)

    async def test_streams(self) -> None:
        """Every format, cut into 7 octets, over one kept connection."""
        for protocol in PROTOCOLS:
            answer = await self.ask(self.model("lab+split+crlf", protocol))
            self.assertEqual(answer.text, "".join(GREETING), protocol)

    async def test_cancelled(self) -> None:
        """Cancelling amid an answer closes the socket: the server sees it go."""
        asked = self.ask(self.model("lab+pause"))
        provider = self.stand_ins.providers["open_ai_compat"]
        while not any(isinstance(event, TextDelta) for event in self.heard):
            await deferLater(REACTOR, 0)
        asked.cancel()
        await self.assertFailure(asked, CancelledError)
        while not provider.lost:
            await deferLater(REACTOR, 0)
        for call in REACTOR.getDelayedCalls():  # the stand-in's, which would go on
            if "_Sender" in repr(call.func):
                call.cancel()

    async def test_dropped(self) -> None:
        """A connection that goes amid an answer is an error that says so."""
        error = await self.assertFailure(self.ask(self.model("lab+drop")), ProviderError)
        self.assertEqual(
            str(error), f"{self.endpoint} dropped the connection before its answer was whole"
        )

    async def test_refused(self) -> None:
        """Where nobody listens, that is what is told."""
        port = REACTOR.listenTCP(0, self.stand_ins.site, interface="127.0.0.1")
        self.endpoint = f"http://127.0.0.1:{port.getHost().port}"
        await port.stopListening()
        error = await self.assertFailure(self.ask(self.model()), ProviderError)
        self.assertEqual(str(error), f"cannot reach {self.endpoint}: connection refused")

    async def test_untrusted(self) -> None:
        """A certificate that nobody vouches for is not accepted."""
        port = REACTOR.listenSSL(0, self.stand_ins.site, _own_certificate(), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.endpoint = f"https://127.0.0.1:{port.getHost().port}"
        error = await self.assertFailure(self.ask(self.model()), ProviderError)
        self.assertIn(f"cannot reach {self.endpoint}: TLS failed: certificate verify", str(error))
        self.assertEqual(self.stand_ins.providers["open_ai_compat"].requests, [])


def _own_certificate() -> CertificateOptions:
    """A server's TLS with a certificate that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .sign(key, SHA256())
    )
    return CertificateOptions(
        privateKey=PKey.from_cryptography_key(key), certificate=X509.from_cryptography(certificate)
    )
