"""The table of wire methods: name, handler, type of its params.

Filled by the ``@method`` decorator when the modules of ``car.server.methods`` are imported,
and never changed afterwards.  A handler is a function of (session, params), and of the
request's id if it asks for it; the type of ``params`` is read from its annotation, so that
decoding, checking, the protocol reference and the tests of wrong params all come from one place.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Raw, Struct, UnsetType

from car.ir.json import JsonValue, RecordError, convert, decode, decode_as
from car.server.errors import InvalidParams

Handler = Callable[..., Any]
_H = TypeVar("_H", bound=Handler)


class NoParams(Struct, frozen=True):
    """A method without params: absent, null, ``{}`` and ``[]`` are alike."""


class Method:
    """One wire method.

    ``host_only`` restricts it to the host role where a host token exists; ``open`` lets it
    be called before authentication.  A handler with a third parameter, ``id``, is given the
    request's id as raw JSON, None of a notification.
    """

    __slots__ = (
        "_decoder",
        "_empty",
        "_takes_id",
        "handler",
        "host_only",
        "name",
        "open",
        "params",
    )

    def __init__(self, name: str, handler: Handler, *, host_only: bool, open: bool) -> None:
        self.name = name
        self.handler = handler
        self.host_only = host_only
        self.open = open
        hints = get_type_hints(handler)
        self._takes_id = "id" in hints
        self.params: Any = hints["params"]
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.params)
        self._empty = NoParams() if self.params is NoParams else None

    def call(self, session: Any, raw: Raw | UnsetType, id: bytes | None) -> Any:
        """Read params and call the handler; raises what either does."""
        params = self.read(raw)
        if self._takes_id:
            return self.handler(session, params, id)
        return self.handler(session, params)

    def read(self, raw: Raw | UnsetType) -> Any:
        """Decode params; raises InvalidParams naming the field, or JsonLimitError.

        Absent, null and an empty list stand for an empty object, and a member that is null
        for one that is absent, unless null is a legal value of it.
        """
        text = b"{}" if isinstance(raw, UnsetType) else bytes(raw)
        if self._empty is not None and text in _EMPTY:
            return self._empty
        try:
            return decode_as(self._decoder, text)
        except RecordError as problem:
            return self._read_leniently(decode(text), problem)

    def _read_leniently(self, value: JsonValue, problem: RecordError) -> Any:
        if value is None or value == []:
            value = {}
        if isinstance(value, dict):
            value = {key: member for key, member in value.items() if member is not None}
            try:
                return convert(value, self.params)
            except RecordError as still:
                problem = still
        raise InvalidParams(str(problem))


_EMPTY = frozenset((b"{}", b"null", b"[]"))
_METHODS: dict[str, Method] = {}


def method(*names: str, host_only: bool = False, open: bool = False) -> Callable[[_H], _H]:
    """Register a handler under its wire name; further names are aliases."""

    def register(handler: _H) -> _H:
        for name in names:
            if name in _METHODS:
                raise ValueError(f"two handlers for {name}")
            _METHODS[name] = Method(name, handler, host_only=host_only, open=open)
        return handler

    return register


def load_methods() -> dict[str, Method]:
    """Import every module of ``car.server.methods``; the table by wire name."""
    package = importlib.import_module("car.server.methods")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return _METHODS
