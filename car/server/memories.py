"""Which memory a connection uses; what it acknowledges is kept (``protocol-memory.md`` §1).

A memory without a name lives as long as its session.  One with a name (a namespace, an
agent's, the shared one) is loaded from the store when the first session needs it, and every
change to it is in the store before its answer leaves (G7).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from car.engine.basics.root import Names
from car.errors import CarError
from car.memgine import interchange
from car.memgine.consolidation import Consolidation, Report
from car.memgine.errors import BrokenMemory
from car.memgine.graph import Change
from car.memgine.memgine import Memgine
from car.server.encoding import Encoder
from car.server.errors import Busy, InvalidParams
from car.server.interfaces import IMemoryEngine
from car.server.memory_files import MemoryFiles

_log = Logger()

_T = TypeVar("_T")

NAME_BYTES = 80
"""UTF-8 octets a namespace or an agent's id may have: three times that, with the ending,
is still a file name everywhere."""


MOST_VOLATILE = 1_000
"""Named memories of a server that keeps nothing: they stay until it ends [ours]."""

_KEPT = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
"""What stands for itself in the file name of a memory (``protocol-memory.md`` §1)."""

_DIRECTORIES = {"namespace": "memory-namespaces", "agent": "agents"}


class NoStore(CarError):
    """A memory with a name, asked of a server that keeps nothing."""


def memory_file(root: Path, name: str) -> Path:
    """The file of the memory *name* (``protocol-memory.md`` §1).

    *name* is ``namespace:<name>``, ``agent:<agent id>``, or ``file:<path>`` for one that the
    operator chose.  No two names meet, also where the file system does not tell case apart.
    """
    kind, _, rest = name.partition(":")
    if kind == "file":
        return Path(rest)
    encoded = "".join(chr(octet) if octet in _KEPT else f"%{octet:02x}" for octet in rest.encode())
    return root / "memory" / _DIRECTORIES[kind] / f"{encoded}.db"


def _checked(name: str, field: str) -> str:
    octets = len(name.encode("utf-8", "surrogatepass"))
    if not 0 < octets <= NAME_BYTES:
        raise InvalidParams(f"{field}: expected 1 to {NAME_BYTES} octets of UTF-8, got {octets}")
    if "\0" in name:
        raise InvalidParams(f"{field}: a NUL cannot stand in it")
    return name


@implementer(IMemoryEngine)
class Memory:
    """One memory that is open: its graph, and what keeps it.

    *name* and *store* are None for a volatile one.  *shared*: sessions that did not ask for
    it by name see it too.
    """

    def __init__(
        self,
        memgine: Memgine,
        *,
        name: str | None = None,
        store: Any = None,
        shared: bool = False,
    ) -> None:
        self.memgine = memgine
        self.name = name
        self.shared = shared
        self.users = 0
        self._store = store
        self._lock = DeferredLock()
        self.dreaming = DeferredLock()
        """Held by the consolidation that is under way."""

    def ingest_conversation(self, speaker: str, text: str, at: float) -> "Deferred[None]":
        """Take in one line that somebody said; fires once that is kept (IMemoryEngine)."""
        return self.remember(
            lambda memgine: memgine.ingest_conversation(speaker, text, at)
        ).addCallback(_nothing)

    @property
    def durable(self) -> bool:
        """Whether its changes outlive the process."""
        return self._store is not None

    def remember(self, change: Callable[[Memgine], _T]) -> "Deferred[_T]":
        """Apply *change*; fires with what it answered once that is kept.

        Fails with what *change* raises, and then nothing has changed; with StoreUnavailable
        where the store did not take it: then it holds in memory, and the store is given it
        again with the next change.
        """
        if self._lock.locked:
            return self._lock.run(self._keep, change)
        return self._keep(change)

    def _keep(self, change: Callable[[Memgine], _T]) -> "Deferred[_T]":
        try:
            result = change(self.memgine)
        except CarError:
            return fail()
        changes = self.memgine.drain()
        if self._store is None or not changes:
            return succeed(result)
        kept: Deferred[Any] = self._store.append(self.name, changes)
        return kept.addCallbacks(lambda _: result, self._not_kept, errbackArgs=(changes,))

    def _not_kept(self, failure: Failure, changes: list[Change]) -> Failure:
        self.memgine.graph.mark(changes)
        return failure

    def held_still(self, function: Callable[..., "Deferred[_T]"], *args: Any) -> "Deferred[_T]":
        """Call *function* while no change is made; fires with what its Deferred fires with."""
        return self._lock.run(function, *args)

    def replace(self, build: "Callable[[], Deferred[Memgine]]") -> "Deferred[Memgine]":
        """Put what *build* makes in the place of the graph; fires with it once that is kept.

        Changes wait meanwhile.  Where anything fails the graph stays as it was.
        """
        return self._lock.run(lambda: Deferred.fromCoroutine(self._replace(build)))

    async def _replace(self, build: "Callable[[], Deferred[Memgine]]") -> Memgine:
        memgine = await build()
        if self._store is not None:
            rows = [(row.key, row.value) for row in memgine.graph.rows()]
            await self._store.replace(self.name, rows)
        self.memgine = memgine
        return memgine


class Memories(Service):
    """The open memories of one daemon.

    *store* (IMemoryStore) keeps those that have a name, under *root*; where both are None
    they last as long as the process.  *in_thread* runs what takes long: reading a memory from
    its rows.  *encoder* gives vectors, None leaves memory to words.  *embedded* is an
    embedder's one memory for all, *shared* one that is kept in a file.
    """

    def __init__(
        self,
        root: Path | None,
        store: Any,
        in_thread: Callable[..., "Deferred[Any]"],
        clock: IReactorTime,
        *,
        encoder: Encoder | None = None,
        embedded: Memgine | None = None,
        shared: Path | Literal[":memory:"] | None = None,
    ) -> None:
        self._root = root
        self._store = store
        self._in_thread = in_thread
        self._clock = clock
        self._encoder = encoder
        self._files = None if root is None else MemoryFiles(root / "memory")
        self._open: dict[str, Deferred[Memory]] = {}
        self._shared_file = shared if isinstance(shared, Path) else None
        self.shared: Memory | None = None
        """The memory of every session that asks for none of its own."""
        if embedded is not None:
            self.shared = Memory(embedded, shared=True)
        elif shared == ":memory:":
            self.shared = Memory(Memgine(), shared=True)

    def ready(self) -> "Deferred[None]":
        """Fires when the shared memory, where there is one, is loaded."""
        return Deferred.fromCoroutine(self._ready())

    async def _ready(self) -> None:
        if self._shared_file is not None and self.shared is None:
            self.shared = await self.open(f"file:{self._shared_file}")
            self.shared.shared = True

    def fresh(self) -> Memory:
        """What a session begins with: the shared memory, else one of its own."""
        return Memory(Memgine()) if self.shared is None else self.shared

    def namespace(self, name: str) -> "Deferred[Memory]":
        """The memory of a namespace, loaded if need be; fails with InvalidParams and others."""
        return self._bind("namespace", name, "memory_namespace")

    def agent(self, agent_id: str) -> "Deferred[Memory]":
        """The memory of an agent, loaded if need be; fails with InvalidParams and others."""
        return self._bind("agent", agent_id, "agent_id")

    def _bind(self, kind: str, name: str, field: str) -> "Deferred[Memory]":
        try:
            return self.open(f"{kind}:{_checked(name, field)}")
        except CarError:
            return fail()

    def open(self, name: str) -> "Deferred[Memory]":
        """The durable memory *name*; loaded once for all that ask for it at a time.

        Each who gets it lets go of it by ``release``.
        """
        loading = self._open.get(name)
        if loading is None:
            loading = self._open[name] = Deferred.fromCoroutine(self._load(name))
            loading.addErrback(self._not_loaded, name)
        waiter: Deferred[Memory] = Deferred()
        loading.addBoth(_pass_on, waiter)
        return waiter.addCallback(_used)

    def release(self, memory: Memory) -> None:
        """A user of *memory* is gone; the last one's leaving closes it."""
        memory.users -= 1
        if memory.users <= 0 and memory.name is not None and memory.durable:
            self._open.pop(memory.name, None)

    def opened(self) -> list[Memory]:
        """The memories that outlive a session, as far as they are open."""
        found = [] if self.shared is None else [self.shared]
        for loading in self._open.values():
            memory = getattr(loading, "result", None)
            if isinstance(memory, Memory) and memory is not self.shared:
                found.append(memory)
        return found

    async def consolidate(self, memory: Memory, at: float) -> Report:
        """Tidy *memory* up, a millisecond or so a turn of the reactor; fires with the report.

        Other work and other changes go on between.  One at a time for each memory; where the
        graph is replaced meanwhile, what is left is left alone.
        """
        await memory.dreaming.acquire()
        try:
            memgine = memory.memgine
            dream = Consolidation(memgine, at)
            while await memory.remember(lambda _: dream.step()):
                await deferLater(self._clock, 0)
                if memory.memgine is not memgine:
                    break
            dream.report.nodes_embedded = await self._encode(memgine)
            dream.report.embedding_coverage = _coverage(memgine)
            return dream.report
        finally:
            memory.dreaming.release()

    async def _encode(self, memgine: Memgine) -> int:
        return 0 if self._encoder is None else await self._encoder.encode(memgine)

    async def vector(self, memory: Memory, text: str) -> list[float] | None:
        """The vector of a question to *memory*; None without an encoder."""
        if self._encoder is None:
            return None
        return await self._encoder.question(memory.memgine, text)

    async def persist(self, memory: Memory, path: str) -> int:
        """Write *memory* to a file; fires with the number of its facts.

        Changes wait meanwhile.  Fails with InvalidParams for a path that leads out of the
        memory directory, MemoryFileError where it cannot be written.
        """
        files = self._require_files()
        names = files.names(path, "memory.persist")
        return await memory.held_still(self._in_thread, _write, files, names, memory)

    async def load(self, memory: Memory, path: str, at: float) -> int:
        """Put what a file holds in the place of *memory*; fires with the number of its facts.

        Facts that name no instant of their own count as learnt *at*.  Fails like ``persist``,
        and with BrokenMemory; the memory is then as it was.
        """
        files = self._require_files()
        names = files.names(path, "memory.load")
        loaded = await memory.replace(
            lambda: self._in_thread(_read, files, names, memory.durable, at)
        )
        return loaded.fact_count

    def _require_files(self) -> MemoryFiles:
        if self._files is None:
            raise NoStore("this server has no state root: it keeps no memory files")
        return self._files

    async def _load(self, name: str) -> Memory:
        if self._store is None:
            if len(self._open) > MOST_VOLATILE:
                raise Busy(f"there are {MOST_VOLATILE} named memories, and no room for more")
            return Memory(Memgine(), name=name)
        rows = await self._store.load(name)
        memgine = await self._in_thread(_from_rows, rows)
        if not rows:
            memgine = await self._imported(name) or memgine
        return Memory(memgine, name=name, store=self._store)

    async def _imported(self, name: str) -> Memgine | None:
        """What the reference left beside a memory that is not there yet, taken in once."""
        if self._root is None or name.startswith("file:"):
            return None
        left = memory_file(self._root, name).with_suffix(".json")
        if not await self._in_thread(left.is_file):
            return None
        memgine: Memgine = await self._in_thread(_from_file, left)
        await self._store.replace(name, [(row.key, row.value) for row in memgine.graph.rows()])
        _log.info("{left} taken into the memory {name}", left=str(left), name=name)
        return memgine

    def _not_loaded(self, failure: Failure, name: str) -> Failure:
        del self._open[name]
        return failure


def _pass_on(result: Any, waiter: "Deferred[Memory]") -> Any:
    """Give the outcome to *waiter* too; a failure is the waiters' to handle."""
    if isinstance(result, Failure):
        waiter.errback(result)
        return None
    waiter.callback(result)
    return result


def _coverage(memgine: Memgine) -> float:
    """The share of what is searched that has a vector."""
    return round(len(memgine.vectors) / max(1, len(memgine.knowledge.index)), 4)


def _nothing(_: Any) -> None:
    """What is fired with where there is nothing to tell."""


def _used(memory: Memory) -> Memory:
    memory.users += 1
    return memory


def _from_rows(rows: list[tuple[str, bytes]]) -> Memgine:
    return Memgine.from_rows(rows, tracked=True)


def _from_file(path: Path) -> Memgine:
    return interchange.load(path.read_bytes(), tracked=True)


def _write(files: MemoryFiles, names: Names, memory: Memory) -> int:
    files.write(names, interchange.dump(memory.memgine), "memory.persist")
    return memory.memgine.fact_count


def _read(files: MemoryFiles, names: Names, tracked: bool, at: float) -> Memgine:
    text = files.read(names, "memory.load")
    try:
        return interchange.load(text, tracked=tracked, at=at)
    except BrokenMemory as problem:
        raise BrokenMemory(f"{'/'.join(names)}: {problem}") from None
