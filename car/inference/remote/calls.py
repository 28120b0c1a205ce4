"""Calling a provider until it answers: a key for each try, and when to try again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from car.inference.errors import ContentRefused, InferenceError, ProviderError
from car.inference.interfaces import IKeySource
from car.inference.remote.exchange import HttpRequest
from car.inference.remote.failures import refused_answer, without
from car.inference.remote.keys import KeyPools, missing_key, outcome
from car.inference.remote.targets import Target
from car.inference.remote.transport import ErrorAnswer, HttpTransport

RETRIES = 2
"""Tries after the first (subsystem-inference, Remote backends)."""

FIRST_WAIT_SECONDS = 0.5
"""Before the second try; doubled before the third.  As the providers' own clients have it."""

LONGEST_WAIT_SECONDS = 60.0
"""A provider that wants more time than this is not waited for; [ours]."""

T = TypeVar("T")


class Caller:
    """Puts requests to providers.

    *chance* gives numbers from 0 to 1, for the jitter of waits.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: HttpTransport,
        keys: IKeySource,
        pools: KeyPools,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._transport = transport
        self._keys = keys
        self._pools = pools
        self._now = now
        self._chance = chance

    async def call(self, target: Target, attempt: Callable[[str | None], Awaitable[T]]) -> T:
        """What *attempt* gives, called with a key (None where none is needed).

        An attempt that fails before the first octet of an answer is repeated.  Raises
        MissingKey, or what the last attempt raises; no message holds the key.
        """
        if not target.key_names:
            return await self._retried(target, [], attempt)
        keys = await self._keys.keys(target.key_names)
        if not keys:
            raise missing_key(target.endpoint, target.key_names)
        return await self._retried(target, keys, attempt)

    async def _retried(
        self,
        target: Target,
        keys: list[tuple[str, str]],
        attempt: Callable[[str | None], Awaitable[T]],
    ) -> T:
        tried: set[str] = set()
        for number in range(RETRIES + 1):
            name, key = "", None
            if keys:
                name, key = self._pools.choose(target.endpoint, keys, tried)
                tried.add(name)
            try:
                answer = await attempt(key)
            except InferenceError as error:
                error.args = (without(str(error), key),)
                self._ended(target, name, error)
                wait = self._wait(error, number, len(tried) < len(keys))
                if wait is None or number == RETRIES:
                    raise
            else:
                self._ended(target, name, None)
                return answer
            await deferLater(self._clock, wait)
        raise AssertionError("the last try returns or raises")

    def _ended(self, target: Target, name: str, error: InferenceError | None) -> None:
        if name:
            refused = isinstance(error, ContentRefused)  # which says nothing of the key
            self._pools.ended(target.endpoint, name, None if refused else error)

    def _wait(self, error: InferenceError, number: int, has_other_key: bool) -> float | None:
        """Seconds until the next try; None where there is to be none."""
        if has_other_key and outcome(error) in ("limited", "refused"):
            return 0.0
        if not (isinstance(error, ProviderError) and error.retryable):
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_WAIT_SECONDS else None
        jitter = 0.75 + self._chance() / 2
        return FIRST_WAIT_SECONDS * float(2**number) * jitter

    async def post(
        self,
        target: Target,
        request: HttpRequest,
        receive: Callable[[bytes], object],
        *,
        whole: bool,
    ) -> None:
        """Send *request* once; the answer's body goes to *receive*.  Raises InferenceError."""
        try:
            await self._transport.post(request, target.endpoint, receive, whole=whole)
        except ErrorAnswer as answer:
            raise refused_answer(
                answer.status,
                answer.headers,
                answer.body,
                target.endpoint,
                target.format.refusals,
                self._now(),
            ) from None
