"""What a model server on this machine serves: Ollama, vLLM and their like, asked over HTTP.

Only to tell whether a model can be used; running one is the affair of ``car.inference.remote``.
Asking blocks, so it is done in a thread, with a short time-out, and an answer holds a while.
"""

from collections.abc import Callable
from http.client import HTTPException
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    UnknownHandler,
)

from msgspec import Struct

from car.inference.models import ModelSchema, Ollama, RemoteApi, VllmMlx
from car.inference.remote.urls import operation_url
from car.ir.json import JsonError, convert, decode

TIMEOUT = 0.5
"""How long a server may take, in seconds [ours]: it is on this machine, or close."""

HOLDS = 10.0
"""How long an answer is taken for true, in seconds [ours]."""

MOST_BYTES = 1 << 20
"""As much of an answer as is read [ours]."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")

Fetch = Callable[[str], bytes]
"""Gets a URL; raises OSError."""


_HANDLERS: tuple[type[BaseHandler], ...] = (
    HTTPHandler,
    HTTPErrorProcessor,
    HTTPDefaultErrorHandler,
    UnknownHandler,
)


class _Named(Struct):
    """A model, as Ollama (``name``) or OpenAI's form (``id``) lists it."""

    name: str = ""
    id: str = ""


class _Listing(Struct):
    """The answer to ``GET /api/tags`` or ``GET /v1/models``."""

    models: list[_Named] = []
    data: list[_Named] = []


class Served:
    """Knows which local servers answer, and with which models."""

    def __init__(self, monotonic: Callable[[], float], fetch: Fetch | None = None) -> None:
        self._monotonic = monotonic
        self._fetch = fetch or _get
        self._lock = Lock()
        self._answers: dict[str, tuple[float, frozenset[str] | None]] = {}

    def serves(self, model: ModelSchema) -> bool:
        """Whether the model's server answers and, if it is Ollama's, has the tag.  Blocks."""
        url = listing_url(model)
        if url is None:
            return False
        names = self._names(url)
        if names is None or not isinstance(model.source, Ollama):
            return names is not None
        tag = model.source.model_tag or model.name
        return tag in names or f"{tag}:latest" in names

    def _names(self, url: str) -> frozenset[str] | None:
        now = self._monotonic()
        with self._lock:
            asked, names = self._answers.get(url, (now - HOLDS, None))
        if now - asked < HOLDS:
            return names
        try:
            listing = convert(decode(self._fetch(url)), _Listing)
        except (OSError, JsonError):
            names = None
        else:
            rows = (*listing.models, *listing.data)
            names = frozenset(name for row in rows for name in (row.name, row.id) if name)
        with self._lock:
            self._answers[url] = (now, names)
        return names


def listing_url(model: ModelSchema) -> str | None:
    """Where the model's own server lists what it serves; None where there is none to ask.

    That is Ollama, vLLM, and a server on this machine that needs no key.
    """
    source = model.source
    if isinstance(source, Ollama):
        return f"{source.host.rstrip('/')}/api/tags"
    if isinstance(source, VllmMlx):
        return operation_url(source.endpoint, "models", "v1")
    if not isinstance(source, RemoteApi) or source.key_names:
        return None
    if urlsplit(source.endpoint).hostname not in LOOPBACK:
        return None
    return operation_url(source.endpoint, "models", "v1")


def _get(url: str) -> bytes:
    opener = OpenerDirector()  # HTTP and nothing else: no proxies, files or redirects
    for handler in _HANDLERS:
        opener.add_handler(handler())
    if url.startswith("https:"):
        opener.add_handler(HTTPSHandler())  # reads certificates, which takes some 30 ms
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            text: bytes = answer.read(MOST_BYTES)
            return text
    except (HTTPException, ValueError) as problem:
        raise OSError(str(problem)) from None
