"""From what a provider or the network did to one sentence, without the key in it."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from twisted.internet.error import (
    ConnectBindError,
    ConnectError,
    ConnectionRefusedError,
    DNSLookupError,
    SSLError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.web.client import RequestTransmissionFailed, ResponseFailed

from car.inference.errors import ContentRefused, InferenceError, ProviderError
from car.inference.remote.urls import told
from car.ir.json import JsonError, JsonObject, JsonValue, decode

MAX_MESSAGE_CHARACTERS = 1_000
"""Of what a provider says about an error; [ours]."""

RETRYABLE = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
"""The statuses after which the same request may succeed: those that the providers' own clients
try again, and Anthropic's 529 (overloaded)."""

_WORDS = ("code", "type", "status", "reason")


def refused_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    endpoint: str,
    refusals: frozenset[str],
    now: float,
) -> InferenceError:
    """The failure for an answer with an error *status*.

    *headers* have lower-case names, *now* is in seconds since the epoch.  ContentRefused where
    the body has one of *refusals*, else ProviderError.
    """
    try:
        said = decode(body)
    except JsonError:
        said = body.decode("utf-8", "replace").strip()
    message = _message(said)[:MAX_MESSAGE_CHARACTERS]
    if refusals.intersection(_words(said)):
        return ContentRefused(message)
    retryable = status in RETRYABLE
    return ProviderError(
        f"{told(endpoint)} answered {status}: {message or 'no reason given'}",
        status=status,
        retry_after=retry_after(headers, now) if retryable else None,
        retryable=retryable,
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds to wait, as ``Retry-After`` (a number or a date) or its finer
    ``retry-after-ms`` says."""
    try:
        if (milliseconds := headers.get("retry-after-ms")) is not None:
            return max(float(milliseconds) / 1_000, 0.0)
        value = headers.get("retry-after")
        if value is None:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        return max(parsedate_to_datetime(value).timestamp() - now, 0.0)
    except ValueError:
        return None


def network_failure(problem: Exception, endpoint: str) -> ProviderError:
    """The failure for an *endpoint* that did not answer, for want of a network."""
    reason = _network_reason(problem)
    return ProviderError(f"cannot reach {told(endpoint)}: {reason}", retryable=True)


def _network_reason(problem: BaseException | None) -> str:
    match problem:
        case ConnectionRefusedError():
            return "connection refused"
        case DNSLookupError():
            return "no such host"
        case TimeoutError() | TCPTimedOutError():
            return "no connection in time"
        case ConnectBindError() | ConnectError():
            return str(problem.osError or problem).rstrip(".")
        case ResponseFailed(reasons=[*_, last]) | RequestTransmissionFailed(reasons=[*_, last]):
            return _lost_reason(last.value)
    return _lost_reason(problem)


def _lost_reason(problem: Any) -> str:
    """TLS failures come as pyOpenSSL's errors, a list of (library, function, reason)."""
    if type(problem).__module__.startswith("OpenSSL") or isinstance(problem, SSLError):
        reasons = problem.args[0] if problem.args else []
        words = [reason[-1] for reason in reasons if isinstance(reason, tuple)]
        return f"TLS failed: {', '.join(words) or problem}"
    return "the connection was lost before an answer"


def without(text: str, secret: str | None) -> str:
    """*text* without the *secret*."""
    return text.replace(secret, "***") if secret else text


def _message(said: JsonValue) -> str:
    """What an error body says, in any of the providers' forms."""
    if isinstance(said, list) and said:
        return _message(said[0])
    if not isinstance(said, dict):
        return said if isinstance(said, str) else ""
    for name in ("error", "message", "detail", "error_description"):
        if found := said.get(name):
            return _message(found)
    return ""


def _words(said: JsonValue) -> Iterator[str]:
    """The codes and types in an error body, of its inner errors as well."""
    if isinstance(said, list):
        for each in said:
            yield from _words(each)
    elif isinstance(said, dict):
        yield from _own_words(said)
        for name in ("error", "innererror", "inner_error"):
            yield from _words(said.get(name))


def _own_words(said: JsonObject) -> Iterator[str]:
    for name in _WORDS:
        value = said.get(name)
        if isinstance(value, str):
            yield value
