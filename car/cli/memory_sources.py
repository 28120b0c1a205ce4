"""Where the memory of a ``car memory`` command is: with a daemon, or in an interchange file.

Either is asked by the wire's methods, so that a command is written once and prints the same;
for a file they run in this process.  Whole memories go through the daemon's memory directory,
which only works on its machine.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from car.cli.daemon import run_with_daemon
from car.cli.errors import CommandError, UsageError
from car.client.client import CarClient
from car.client.finding import find_proof
from car.ir.json import JsonObject, JsonValue, encode
from car.memgine import interchange
from car.memgine.errors import BrokenMemory
from car.memgine.memgine import Memgine
from car.places import find_places, make_private_directory
from car.server.memories import Memory
from car.server.registry import load_methods

CALL_SECONDS = 600.0
"""How long one call may take: a load or persist of a large memory."""

_T = TypeVar("_T")

Ask = Callable[[str, JsonObject], Awaitable[JsonValue]]
"""Takes a method and its params."""

Work = Callable[[Ask], Awaitable[_T]]


class MemorySource(Protocol):
    """A memory that commands speak to.  Failures are CarErrors with a line for people."""

    nameless: bool
    """Whether it might be one that ends with the connection."""

    def run(self, work: Work[_T]) -> _T:
        """What *work* answers."""

    def dump(self) -> bytes:
        """The whole memory as an interchange file."""


def find_source(options: argparse.Namespace, *, changes: bool = False) -> MemorySource:
    """The memory that *options* name, a file or a daemon's.

    A file that is not there is an empty memory to a command that *changes* it.  Raises
    UsageError.
    """
    if options.file is None:
        return daemon_memory(options)
    for name in ("namespace", "url"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is for a daemon: it does not go with --file")
    return FileMemory(options.file, changes=changes)


def daemon_memory(options: argparse.Namespace) -> "DaemonMemory":
    """The daemon's memory that *options* name."""
    namespace = options.namespace or os.environ.get("CAR_MEMORY_NAMESPACE", "").strip()
    return DaemonMemory(options.url, namespace or None)


def load_memory(text: bytes, name: str) -> Memgine:
    """The memory in an interchange file; raises UsageError naming it."""
    try:
        return interchange.load(text, at=time.time())
    except BrokenMemory as problem:
        raise UsageError(f"{name}: {problem}") from None


class DaemonMemory:
    """The memory that a daemon gives a session bound to *namespace*."""

    def __init__(self, url: str | None, namespace: str | None) -> None:
        self.nameless = namespace is None
        self._url = url
        self._namespace = namespace

    def run(self, work: Work[_T]) -> _T:
        """See MemorySource."""

        async def bound(client: CarClient, reactor: Any) -> _T:
            if self._namespace is not None:
                # Once more, as a client without a token has not said it.
                proof = find_proof(os.environ, sys.platform).params or {}
                params = {**proof, "memory_namespace": self._namespace}
                await client.call("session.auth", params)
            return await work(lambda name, params: client.call(name, params, timeout=CALL_SECONDS))

        return run_with_daemon(self._url, bound)

    def dump(self) -> bytes:
        """See MemorySource."""
        return self.persist()[0]

    def persist(self) -> tuple[bytes, JsonValue]:
        """The whole memory as an interchange file, and how many facts that has."""
        path = f"exports/{secrets.token_hex(8)}.json"
        count = self.run(lambda ask: ask("memory.persist", {"path": path}))
        written = _memory_directory() / path
        try:
            text = written.read_bytes()
        except OSError as problem:
            raise CommandError(
                f"the daemon wrote {path}, but {written} cannot be read: {problem.strerror}; "
                "this works on the daemon's machine only, with its CAR_HOME"
            ) from None
        written.unlink(missing_ok=True)
        return text, count

    def replace(self, text: bytes, *, force: bool) -> JsonValue:
        """Put an interchange file in the memory's place; the number of its facts."""
        path = f"imports/{secrets.token_hex(8)}.json"
        placed = _memory_directory() / path
        try:
            make_private_directory(placed.parent)
            placed.write_bytes(text)
        except OSError as problem:
            raise CommandError(f"{placed} cannot be written: {problem.strerror}") from None
        try:
            return self.run(lambda ask: ask("memory.load", {"path": path, "force": force}))
        except CommandError as problem:
            if path not in str(problem):
                raise
            raise CommandError(
                f"{problem}; --replace works on the daemon's machine only, with its CAR_HOME"
            ) from None
        finally:
            placed.unlink(missing_ok=True)


def _memory_directory() -> Path:
    """Where a daemon of this environment keeps memory files."""
    root = os.environ.get("CAR_HOME") or None
    return find_places(os.environ, sys.platform, root).root / "memory"


class FileMemory:
    """The memory in the interchange file *name*; with *changes* it is written back."""

    nameless = False

    def __init__(self, name: str, *, changes: bool) -> None:
        self._name = name
        self._changes = changes
        if changes and not Path(name).exists():
            self._held = Memory(Memgine())
        else:
            self._held = Memory(load_memory(read_bytes(name), name))

    def run(self, work: Work[_T]) -> _T:
        """See MemorySource."""
        ended: list[Any] = []
        Deferred.fromCoroutine(_awaited(work(self._ask))).addBoth(ended.append)
        (answer,) = ended  # a memory that no store keeps never waits
        if isinstance(answer, Failure):
            answer.raiseException()
        if self._changes:
            replace_file(self._name, self.dump())
        result: _T = answer
        return result

    def _ask(self, name: str, params: JsonObject) -> "Deferred[JsonValue]":
        method = load_methods()[name]
        read = method.read(msgspec.Raw(encode(params)))
        return maybeDeferred(method.handler, _FileSession(self._held), read)

    def dump(self) -> bytes:
        """See MemorySource."""
        return interchange.dump(self._held.memgine)


class _FileSession:
    """What the methods need of a session."""

    def __init__(self, held: Memory) -> None:
        self.memory = held.memgine
        self.remember = held.remember
        self.now = time.time

    async def memory_vector(self, text: str) -> None:
        """No model looks at a file: words count."""


async def _awaited(work: Awaitable[_T]) -> _T:
    return await work


def read_bytes(name: str) -> bytes:
    """What the file *name* holds; raises UsageError."""
    try:
        return Path(name).read_bytes()
    except OSError as problem:
        raise UsageError(f"{name} cannot be read: {problem.strerror}") from None


def replace_file(name: str, text: bytes) -> None:
    """Write the file *name* in one step: it is the old one or the new one.  Raises CommandError."""
    directory, base = os.path.split(os.path.abspath(name))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{base}.", dir=directory)
        try:
            with open(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, name)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as problem:
        raise CommandError(f"{name} cannot be written: {problem.strerror}") from None
