"""The providers of speech to text and text to speech, and whether they could work now."""

from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from car.errors import CarError
from car.voice.errors import UnknownProvider
from car.voice.interfaces import IRecogniser, ISynthesiser

Kind = Literal["stt", "tts"]


class ProviderRow(Struct, frozen=True):
    """A provider in ``voice.providers.list``.

    ``available``: this daemon knows how; ``ready``: it could work at once; else ``reason``
    says what is missing and how to get it.
    """

    id: str
    kind: Kind
    available: bool
    ready: bool
    description: str
    reason: str | UnsetType = UNSET


class Providers:
    """All providers by name."""

    def __init__(
        self, recognisers: Iterable[IRecogniser], synthesisers: Iterable[ISynthesiser]
    ) -> None:
        self._recognisers = {str(one.name): one for one in recognisers}
        self._synthesisers = list(synthesisers)

    def recogniser(self, name: str) -> IRecogniser:
        """The provider of speech to text called *name*.  Raises UnknownProvider."""
        found = self._recognisers.get(name)
        if found is None:
            known = ", ".join(self._recognisers)
            raise UnknownProvider(f"unknown voice provider '{name}'; known are: {known}")
        return found

    def rows(self) -> "Deferred[list[ProviderRow]]":
        """Fires with a row for each, speech to text first; never fails for one that lacks
        something."""
        return gatherResults(
            [
                *(_row(provider, "stt") for provider in self._recognisers.values()),
                *(_row(provider, "tts") for provider in self._synthesisers),
            ]
        )


def _row(provider: IRecogniser | ISynthesiser, kind: Kind) -> "Deferred[ProviderRow]":
    def row(missing: str | None) -> ProviderRow:
        return ProviderRow(
            id=provider.name,
            kind=kind,
            available=True,
            ready=missing is None,
            description=provider.description,
            reason=UNSET if missing is None else missing,
        )

    return provider.readiness().addErrback(_as_reason).addCallback(row)


def _as_reason(failure: Failure) -> str:
    failure.trap(CarError)
    return failure.getErrorMessage()
