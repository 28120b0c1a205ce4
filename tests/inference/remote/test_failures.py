"""From what went wrong to one sentence."""

from twisted.internet.error import (
    ConnectError,
    ConnectionLost,
    DNSLookupError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseFailed

from car.inference.errors import ContentRefused, ProviderError
from car.inference.remote.failures import (
    MAX_MESSAGE_CHARACTERS,
    network_failure,
    refused_answer,
    retry_after,
    without,
)

ENDPOINT = "https://user:hidden@api.test/v1?key=hidden"
NOW = 1_750_000_000.0


class RefusedAnswerTests(SynchronousTestCase):
    """refused_answer: the forms of errors, and what they mean."""

    def told(self, body: bytes, status: int = 400) -> str:
        """The message for *body*."""
        return str(refused_answer(status, {}, body, ENDPOINT, frozenset(), NOW))

    def test_forms(self) -> None:
        """OpenAI, Anthropic, Google (also as a list), vLLM, Ollama, FastAPI, plain text."""
        for body in (
            b'{"error": {"message": "oh no", "type": "x", "code": null}}',
            b'{"type": "error", "error": {"type": "x", "message": "oh no"}}',
            b'[{"error": {"code": 400, "message": "oh no", "status": "X"}}]',
            b'{"object": "error", "message": "oh no"}',
            b'{"error": "oh no"}',
            b'{"detail": "oh no"}',
            b" oh no\n",
        ):
            self.assertEqual(self.told(body), "https://api.test/v1 answered 400: oh no", body)

    def test_nothing_said(self) -> None:
        """A status alone is told, and no page of HTML at full length."""
        for body in (b"", b"{}", b"[]", b"5"):
            self.assertEqual(self.told(body), "https://api.test/v1 answered 400: no reason given")
        self.assertLess(len(self.told(b"<p>" * 9_999)), MAX_MESSAGE_CHARACTERS + 50)

    def test_retryable(self) -> None:
        """What may pass is retryable, with the provider's time; what was asked wrongly is not."""
        for status, retryable in (
            (429, True),
            (503, True),
            (529, True),
            (400, False),
            (404, False),
        ):
            error = refused_answer(status, {"retry-after": "3"}, b"", ENDPOINT, frozenset(), NOW)
            assert isinstance(error, ProviderError)
            after = 3.0 if retryable else None
            self.assertEqual((error.retryable, error.retry_after), (retryable, after))

    def test_refusals(self) -> None:
        """A refusal's word may stand in an inner error."""
        body = b'{"error": {"message": "no", "innererror": {"code": "Bad"}}}'
        error = refused_answer(400, {}, body, ENDPOINT, frozenset({"Bad"}), NOW)
        self.assertIsInstance(error, ContentRefused)
        self.assertEqual(str(error), "no")

    def test_retry_after(self) -> None:
        """Seconds, milliseconds, a date; nonsense is not a time."""
        cases: list[tuple[dict[str, str], float | None]] = [
            ({}, None),
            ({"retry-after": "1.5"}, 1.5),
            ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
            ({"retry-after": "Sun, 15 Jun 2025 15:06:50 GMT"}, 10.0),
            ({"retry-after": "Sun, 15 Jun 2025 15:06:30 GMT"}, 0.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after-ms": "x"}, None),
        ]
        for headers, seconds in cases:
            self.assertEqual(retry_after(headers, NOW), seconds, headers)


class NetworkFailureTests(SynchronousTestCase):
    """network_failure, and keys in messages."""

    def test_reasons(self) -> None:
        """One reason each, never the secret part of the endpoint."""
        cases: list[tuple[Exception, str]] = [
            (DNSLookupError("x"), "no such host"),
            (TimeoutError(), "no connection in time"),
            (TCPTimedOutError(), "no connection in time"),
            (ConnectError(osError=OSError(101, "Network is unreachable")), "[Errno 101] Network"),
            (ResponseFailed([Failure(ConnectionLost())]), "the connection was lost before"),
            (ConnectionLost(), "the connection was lost before"),
        ]
        for problem, reason in cases:
            error = network_failure(problem, ENDPOINT)
            self.assertTrue(
                str(error).startswith(f"cannot reach https://api.test/v1: {reason}"), str(error)
            )
            self.assertTrue(error.retryable)

    def test_without(self) -> None:
        """A key is taken out of a text; no key, no change."""
        self.assertEqual(without("key sk-1 is wrong", "sk-1"), "key *** is wrong")
        self.assertEqual(without("fine", None), "fine")
