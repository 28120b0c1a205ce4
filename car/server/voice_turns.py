"""The daemon's models as voice turns see them, for one session."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from zope.interface import implementer

from car.inference.engine import InferenceEngine
from car.inference.records import (
    GenerateParams,
    GenerateRequest,
    IntentHint,
    StreamEvent,
    TextDelta,
)
from car.voice.turns import ITurnInference

if TYPE_CHECKING:
    from car.server.session import ClientSession

FAST_TOKENS = 160
"""How long a quick answer may be: some 40 s of speech [ours]."""

_FAST = IntentHint(prefer_fast=True)
_FULL = IntentHint(prefer_quality=True)


@implementer(ITurnInference)
class TurnModels:
    """Asks the daemon's engine; the full answer knows what the session's memory does."""

    def __init__(self, session: "ClientSession") -> None:
        self._session = session

    def fast(
        self, utterance: str, instruction: str | None, on_text: Callable[[str], None]
    ) -> "Deferred[object]":
        """As ITurnInference says."""

        def sink(event: StreamEvent) -> None:
            if isinstance(event, TextDelta):
                on_text(event.data)

        request = GenerateRequest(
            prompt=utterance,
            system=instruction,
            intent=_FAST,
            params=GenerateParams(max_tokens=FAST_TOKENS),
        )
        return Deferred.fromCoroutine(self._engine.generate(request, sink))

    def full(self, utterance: str, instruction: str | None) -> "Deferred[str]":
        """As ITurnInference says."""
        return Deferred.fromCoroutine(self._full(utterance, instruction))

    def prewarm(self) -> "Deferred[None]":
        """As ITurnInference says: one token from the quick model."""
        request = GenerateRequest(
            prompt="Hello.", intent=_FAST, params=GenerateParams(max_tokens=1)
        )
        return Deferred.fromCoroutine(self._engine.generate(request)).addCallback(lambda _: None)

    async def _full(self, utterance: str, instruction: str | None) -> str:
        context = self._session.memory.build_context(utterance, self._session.now())
        request = GenerateRequest(
            prompt=utterance, system=instruction, context=context or None, intent=_FULL
        )
        answer = await self._engine.generate(request)
        return answer.completion.text

    @property
    def _engine(self) -> InferenceEngine:
        return self._session.state.inference.engine
