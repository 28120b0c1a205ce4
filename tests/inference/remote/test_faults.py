"""Every format, streamed and whole, and everything that goes wrong on the way."""

from twisted.internet.defer import CancelledError
from zope.interface.verify import verifyObject

from car.inference.errors import ContentRefused, MissingKey, NoModel, ProviderError
from car.inference.interfaces import IGenerator
from car.inference.models import Local, Ollama, RemoteApi, VllmMlx
from car.inference.records import StopReason, TextDelta, Usage
from car.inference.remote import sse, transport
from tests.inference.remote.case import (
    ENDPOINT,
    KEY_NAME,
    PROTOCOLS,
    Nowhere,
    RemoteCase,
    other_model,
    remote_model,
)
from tests.inference.standins.provider import RETRY_AFTER, SLOW_SECONDS
from tests.inference.standins.script import (
    CACHED_TOKENS,
    GREETING,
    INPUT_TOKENS,
    KEY,
    OUTPUT_TOKENS,
    REFUSAL,
    SECOND_KEY,
)

USAGE = Usage(INPUT_TOKENS, OUTPUT_TOKENS, CACHED_TOKENS, 0)


class FormatTests(RemoteCase):
    """What all formats have in common."""

    def test_streams(self) -> None:
        """Text comes in the provider's pieces, then usage and the stop reason."""
        for protocol in PROTOCOLS:
            self.heard.clear()
            answer = self.complete(remote_model(protocol=protocol))
            self.assertEqual(answer.text, "".join(GREETING), protocol)
            self.assertEqual(answer.usage, USAGE, protocol)
            texts = [event for event in self.heard if isinstance(event, TextDelta)]
            self.assertEqual([event.data for event in texts], list(GREETING), protocol)
            stops = [event.data for event in self.heard if isinstance(event, StopReason)]
            self.assertEqual(stops, [answer.stop_reason], protocol)

    def test_whole(self) -> None:
        """Without a sink the answer is asked for in one piece, and is the same."""
        for protocol in PROTOCOLS:
            streamed = self.complete(remote_model(protocol=protocol))
            whole = self.complete(remote_model(protocol=protocol), streaming=False)
            self.assertEqual(whole, streamed, protocol)
            uri, _, body = self.provider(protocol).requests[-1]
            self.assertFalse(body.get("stream") or "stream" in uri, protocol)

    def test_cut_anywhere(self) -> None:
        """Pieces of 7 octets, CR LF and comments between change nothing."""
        for protocol in PROTOCOLS:
            plain = self.complete(remote_model(protocol=protocol))
            for faults in ("split", "split+crlf", "comments", "split+crlf+comments"):
                model = remote_model(f"lab+{faults}", protocol)
                self.assertEqual(self.complete(model), plain, (protocol, faults))

    def test_every_cut(self) -> None:
        """Nor does a network that carries one octet at a time."""
        self.endpoint.octets = 1
        for protocol in PROTOCOLS:
            answer = self.complete(remote_model("lab+crlf", protocol))
            self.assertEqual(answer.text, "".join(GREETING), protocol)

    def test_refusals(self) -> None:
        """A refusal is ContentRefused, streamed or not, and is asked for once."""
        for protocol in PROTOCOLS:
            for streaming in (True, False):
                model = remote_model("lab+refuse", protocol)
                error = self.failed(model, streaming=streaming, kind=ContentRefused)
                if protocol != "google":
                    self.assertEqual(str(error), REFUSAL, protocol)
            self.assertEqual(len(self.provider(protocol).requests), 2, protocol)

    def test_refused_key(self) -> None:
        """What the provider says to a wrong key is told, but not the key; once is enough."""
        self.keys.pairs = [(KEY_NAME, "sk-wrong")]
        for protocol in PROTOCOLS:
            error = self.failed(remote_model(protocol=protocol), kind=ProviderError)
            self.assertEqual(
                str(error), f"{ENDPOINT} answered 401: Incorrect API key provided: ***."
            )
            self.assertEqual((error.status, error.retryable), (401, False))
            self.assertEqual(len(self.provider(protocol).requests), 1, protocol)


class RetryTests(RemoteCase):
    """What is tried again, when, and with which key."""

    def test_retry_after(self) -> None:
        """After 429 the time that the provider names is waited for, then it answers."""
        for protocol in PROTOCOLS:
            asked = self.begin(remote_model("lab+limit", protocol))
            self.advance(RETRY_AFTER - 0.1)
            self.assertNoResult(asked)
            self.advance(0.1)
            self.assertEqual(self.successResultOf(asked).text, "".join(GREETING), protocol)

    def test_other_key(self) -> None:
        """Another key is tried at once, and the limited one rests."""
        self.keys.pairs = [(KEY_NAME, KEY), ("OTHER", SECOND_KEY)]
        source = RemoteApi(ENDPOINT, api_key_env=KEY_NAME, api_key_envs=["OTHER"])
        model = remote_model("lab+limit", source=source)
        asked = self.begin(model)
        self.advance(0)
        self.successResultOf(asked)
        told = self.pools.snapshot()[ENDPOINT]
        self.assertEqual((told[KEY_NAME]["rate_limited"], told["OTHER"]["successes"]), (1, 1))
        self.assertEqual(told[KEY_NAME]["rests_until"], RETRY_AFTER)
        self.assertNotIn("sk-", repr(self.pools.snapshot()))

    def test_overloaded(self) -> None:
        """503 is tried twice more, with growing waits, and then told."""
        asked = self.begin(remote_model("lab+broken"))
        requests = self.provider().requests
        self.assertEqual(len(requests), 1)
        self.advance(0.625)
        self.assertEqual(len(requests), 2)
        self.advance(1.25)
        self.assertEqual(len(requests), 3)
        error = self.failureResultOf(asked, ProviderError).value
        self.assertEqual(str(error), f"{ENDPOINT} answered 503: The server is overloaded.")
        self.assertQuiet()

    def test_refused_connection(self) -> None:
        """An endpoint where nobody listens is named; it was tried three times."""
        self.endpoint = Nowhere()
        asked = self.begin(remote_model())
        self.clock.pump([0.7, 1.3])
        error = self.failureResultOf(asked, ProviderError).value
        self.assertEqual(str(error), f"cannot reach {ENDPOINT}: connection refused")
        self.assertEqual((self.endpoint.attempts, error.retryable), (3, True))

    def test_lost_before_answer(self) -> None:
        """A connection that goes without an answer is tried again."""
        asked = self.begin(remote_model("lab+vanish"))
        self.advance(0.7)
        self.advance(1.3)
        error = self.failureResultOf(asked, ProviderError).value
        self.assertIn("the connection was lost before an answer", str(error))
        self.assertEqual(len(self.provider().requests), 3)

    def test_dropped_amid(self) -> None:
        """A connection that goes amid an answer is not tried again, and nothing is made up."""
        for protocol in PROTOCOLS:
            for streaming in (True, False):
                model = remote_model("lab+drop", protocol)
                error = self.failed(model, streaming=streaming, kind=ProviderError)
                self.assertIn("dropped the connection before its answer was whole", str(error))
                self.assertFalse(error.retryable)
            self.assertEqual(len(self.provider(protocol).requests), 2, protocol)

    def test_cancelled_wait(self) -> None:
        """Cancelling between two tries ends it there."""
        asked = self.begin(remote_model("lab+broken"))
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertQuiet()
        self.assertEqual(len(self.provider().requests), 1)


class TimeTests(RemoteCase):
    """Slow providers, and callers that do not wait."""

    def test_slow_first_byte(self) -> None:
        """A stream must begin within a minute."""
        asked = self.begin(remote_model("lab+slow"))
        self.advance(59.9)
        self.assertNoResult(asked)
        self.advance(0.1)
        error = self.failureResultOf(asked, ProviderError).value
        self.assertEqual(str(error), f"{ENDPOINT} sent nothing for 60 s")
        self.flush()
        self.assertEqual(len(self.provider().lost), 1)

    def test_slow_whole(self) -> None:
        """An answer in one piece may take longer: it is sent when it is made."""
        asked = self.begin(remote_model("lab+slow"), streaming=False)
        self.advance(SLOW_SECONDS)
        self.assertEqual(self.successResultOf(asked).text, "".join(GREETING))

    def test_pause(self) -> None:
        """Nor may it stop for a minute; the clock begins anew with each octet."""
        asked = self.begin(remote_model("lab+pause"))
        self.advance(59.9)
        self.assertNoResult(asked)
        self.advance(0.1)
        error = self.failureResultOf(asked, ProviderError).value
        self.assertEqual(str(error), f"{ENDPOINT} sent nothing more for 60 s")
        self.flush()
        self.assertEqual(len(self.provider().lost), 1)
        self.assertEqual(len(self.provider().requests), 1)

    def test_cancelled_amid(self) -> None:
        """Cancelling closes the socket, whether an answer has begun or not."""
        for faults in ("pause", "slow"):
            for streaming in (True, False):
                self.provider().lost.clear()
                asked = self.begin(remote_model(f"lab+{faults}"), streaming=streaming)
                asked.cancel()
                self.failureResultOf(asked, CancelledError)
                self.flush()
                self.assertEqual(len(self.provider().lost), 1, (faults, streaming))
                heard = len(self.heard)
                self.advance(SLOW_SECONDS)
                self.assertEqual(len(self.heard), heard)
                self.assertQuiet()


class BoundTests(RemoteCase):
    """Providers that send too much."""

    def test_long_answer(self) -> None:
        """An answer that is too long closes the socket, streamed or not."""
        self.patch(transport, "MAX_ANSWER_BYTES", 300)
        for streaming in (True, False):
            error = self.failed(remote_model(), streaming=streaming, kind=ProviderError)
            self.assertEqual(str(error), "The answer is longer than 300 octets.")
        self.assertEqual(len(self.provider().requests), 2)

    def test_long_error(self) -> None:
        """So does a complaint that does not end."""
        self.patch(transport, "MAX_ERROR_BYTES", 10)
        self.keys.pairs = [(KEY_NAME, "sk-wrong")]
        error = self.failed(remote_model(), kind=ProviderError)
        self.assertEqual(str(error), "The answer is longer than 10 octets.")

    def test_long_event(self) -> None:
        """And an event that does not end."""
        self.patch(sse.EventReader.__init__, "__defaults__", (10,))
        error = self.failed(remote_model(), kind=ProviderError)
        self.assertEqual(str(error), "The provider sent an event of more than 10 octets.")


class TargetTests(RemoteCase):
    """Where requests go."""

    def test_interface(self) -> None:
        """The back end is what the engine asks for."""
        verifyObject(IGenerator, self.generator)

    def test_missing_key(self) -> None:
        """What was looked at is named."""
        self.keys.pairs.clear()
        source = RemoteApi(ENDPOINT, api_key_env="A_KEY", api_key_envs=["B_KEY", "A_KEY"])
        error = self.failed(remote_model(source=source), kind=MissingKey)
        self.assertEqual(
            str(error),
            f"no API keys available for endpoint {ENDPOINT} "
            '(checked env vars: ["A_KEY", "B_KEY"] and the secret store)',
        )

    def test_servers_without_keys(self) -> None:
        """Ollama and vLLM speak OpenAI's format, and get no key."""
        self.stand_ins.providers["open_ai_compat"].needs_key = False
        for source in (Ollama("lab:1b", ENDPOINT), VllmMlx(ENDPOINT, "lab:1b")):
            self.complete(other_model(source))
            uri, headers, body = self.provider().requests[-1]
            self.assertEqual((uri, body["model"]), ("/v1/chat/completions", "lab:1b"))
            self.assertNotIn("authorization", headers)

    def test_ports(self) -> None:
        """The endpoint's host and port are gone to."""
        source = RemoteApi("http://[::1]:8443/v1", api_key_env=KEY_NAME)
        self.complete(remote_model(source=source))
        self.assertEqual(self.ways, [("::1", 8443)])

    def test_not_remote(self) -> None:
        """Sources that are not remote, and endpoints that are no URL, are refused."""
        error = self.failed(other_model(Local("x.gguf")), kind=NoModel)
        self.assertIn("is not behind a remote API", str(error))
        source = RemoteApi("ftp://user:secret@host/x", api_key_env=KEY_NAME)
        error = self.failed(remote_model(source=source), kind=NoModel)
        self.assertIn("'ftp://host/x'; it must be an http:// or https:// URL", str(error))

    def test_nonsense(self) -> None:
        """An answer that is not in the format is an error that says so."""
        self.provider().nonsense = b'data: {"choices": 5}\n\n'
        error = self.failed(remote_model(), kind=ProviderError)
        self.assertIn("not in its format: Expected `array | null`, got `int`", str(error))

    def test_unfinished(self) -> None:
        """So is one that ends before its end."""
        self.provider().nonsense = b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'
        error = self.failed(remote_model(), kind=ProviderError)
        self.assertEqual(str(error), f"{ENDPOINT} ended its answer before it was whole")
