"""ServerState: what the connections of one daemon share."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThreadPool

from car import __version__
from car.engine.basics.executor import BuiltinToolExecutor
from car.eventlog.identity import new_client_id
from car.inference.keys import KeySource
from car.inference.service import Models
from car.ir.json import JsonObject
from car.memgine.memgine import Memgine
from car.secrets.store import SecretStore
from car.server.admission import AdmissionGate, permits_from_system
from car.server.browser import Browsers
from car.server.config import ServerStateConfig
from car.server.encoding import Encoder
from car.server.host import HostState
from car.server.inference import Inference
from car.server.journals import Journals
from car.server.meetings import Meetings
from car.server.memories import Memories
from car.server.opening import Opening
from car.server.outbox import Sync
from car.server.registry import Method, load_methods
from car.server.session import ClientSession
from car.server.skill_writer import SkillWriter
from car.server.stores import Stores
from car.server.voice import Voice
from car.state.store import StateStore
from car.store.thread import InThread
from car.web.web import Web

NO_BOUND = 31_622_400.0
"""Seconds, a year: as good as no bound, and no timer overflows."""

SEARCH_KEY = "TAVILY_API_KEY"
"""The variable or secret that holds the search provider's key."""


class ServerState(MultiService):
    """Sessions and what they have in common: journals, host state, engines, gates.

    *reactor* provides IReactorThreads and, unless there is a *clock*, IReactorTime.
    *now* gives seconds since the epoch, *monotonic* seconds that never go back.  *writer*
    stands in for the threads that write to the stores.  The service's
    children are started with it: the journals first, so that they end last.
    """

    def __init__(
        self,
        config: ServerStateConfig,
        reactor: Any = None,
        *,
        clock: IReactorTime | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        writer: InThread | None = None,
    ) -> None:
        super().__init__()
        if reactor is None:
            # For an embedder who has no other reactor than the process's own.
            from twisted.internet import reactor  # noqa: TID251
        self.config = config
        self.reactor = reactor
        self.clock = IReactorTime(reactor if clock is None else clock)
        self.now = now
        self.monotonic = monotonic
        self.methods: dict[str, Method] = load_methods()
        self.sessions: dict[str, ClientSession] = {}
        self.host = HostState(self.clock, limits=config.limits, now=now)
        self.admission = AdmissionGate(
            permits_from_system(config.inference_max_concurrent),
            config.limits.inference_waiting,
        )
        self.builtin_tools = BuiltinToolExecutor(
            config.tools_root, self.clock, self.in_thread, config.limits.tool_timeout
        )
        self.stores = self._make_stores(writer)
        self.memories = Memories(
            config.state_dir,
            None if self.stores is None else self.stores.memory,
            self.in_thread,
            self.clock,
            encoder=self._make_encoder(),
            embedded=config.memgine,
            shared=config.shared_memgine,
        )
        root = config.state_dir
        self.secrets: SecretStore | None = None
        if root is not None:
            self.secrets = SecretStore(root, os.environ, self.in_thread, self.clock)
        self.keys = KeySource(
            os.environ,
            None if root is None else root / "env",
            None if self.secrets is None else self.secrets.find,
        )
        self.web = Web(reactor, self.in_thread, self._search_key)
        self.browsers = Browsers(reactor, config.browser_rules, config.browser_max, self.secrets)
        self.browsers.setServiceParent(self)
        self.inference = self._make_inference()
        self.skill_writer: SkillWriter | None = None
        if config.skill_writer is not None:
            self.skill_writer = SkillWriter(lambda: self.inference.engine, config.skill_writer)
        self.voice_sessions = Voice(root, reactor, self.keys, self.in_thread, self.clock)
        """The daemon's voice: its sessions, speech streams and turns (ISessionBound)."""
        self.voice_sessions.setServiceParent(self)
        self.meetings = self._make_meetings()
        """The daemon's meetings (ISessionBound)."""
        self.draining = False
        self.journals = self._make_journals()
        self.sync: Sync | None = None
        if self.journals is not None and config.durability == "power":
            self.sync = self.journals.sync

    def _make_stores(self, writer: InThread | None) -> Stores | None:
        config = self.config
        if config.state_dir is None:
            return None
        stores = Stores(
            config.state_dir,
            self.reactor,
            self.in_thread,
            config.durability,
            now=self.now,
            writer=writer,
        )
        stores.setServiceParent(self)
        return stores

    def _make_encoder(self) -> Encoder | None:
        model = self.config.memory_encoder
        return None if model is None else Encoder(lambda: self.inference.engine, model)

    def _make_inference(self) -> Inference:
        limits = self.config.limits
        inference = Inference(
            self.config.state_dir,
            self.reactor,
            self.keys,
            self.in_thread,
            self.clock,
            self.now,
            local_gate=self.admission,
            remote_gate=AdmissionGate(limits.remote_inferences, limits.inference_waiting),
            local_seconds=self.config.local_decode_timeout or NO_BOUND,
            embedded=self.config.inference,
        )
        inference.setServiceParent(self)
        return inference

    def _make_meetings(self) -> Meetings:
        meetings = Meetings(
            self.config.meetings_root,
            self.voice_sessions,
            self.inference,
            self.in_thread,
            self.clock,
            self.now,
            chooses=self.config.inference is None,
        )
        meetings.setServiceParent(self)
        return meetings

    def _make_journals(self) -> Journals | None:
        config = self.config
        if config.journal_dir is None:
            return None
        journals = Journals(
            config.journal_dir,
            self.clock,
            self.in_thread,
            config.durability,
            rotate_bytes=config.limits.journal_file_bytes,
            blobs=config.blobs,
        )
        journals.setServiceParent(self)
        return journals

    @classmethod
    def standalone(cls, journal_dir: Path | str, reactor: Any = None) -> "ServerState":
        """A server of its own: every session has its own memory."""
        return cls(ServerStateConfig(journal_dir=Path(journal_dir)), reactor)

    @classmethod
    def embedded(
        cls, journal_dir: Path | str, shared_memgine: Memgine, reactor: Any = None
    ) -> "ServerState":
        """A server inside an application that shares its memory engine with every session."""
        config = ServerStateConfig(journal_dir=Path(journal_dir), memgine=shared_memgine)
        return cls(config, reactor)

    @classmethod
    def with_config(cls, config: ServerStateConfig, reactor: Any = None) -> "ServerState":
        """A server as *config* says."""
        return cls(config, reactor)

    @property
    def models(self) -> Models:
        """What is known of models."""
        return self.inference.models

    @property
    def unauthenticated(self) -> int:
        """How many connections have yet to authenticate."""
        return sum(1 for session in self.sessions.values() if not session.authenticated)

    def identity(self) -> JsonObject:
        """Who this daemon is, for host subscribers."""
        manifest = self.config.manifest_path
        return {
            "version": __version__,
            "pid": os.getpid(),
            "manifest_path": None if manifest is None else str(manifest),
            "manifest_role": "none",
        }

    def new_store(self) -> StateStore:
        """An empty state store within the limits."""
        limits = self.config.limits
        return StateStore(max_keys=limits.state_keys, max_bytes=limits.state_bytes)

    def in_thread(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """Call *function* in the reactor's thread pool; fires with its result."""
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), function, *args)

    def _search_key(self) -> "Deferred[str | None]":
        """The key of the search provider, or None."""
        return self.keys.keys([SEARCH_KEY]).addCallback(_first_key)

    def open_session(self, opening: Opening) -> ClientSession:
        """A session for a new connection, under a fresh client id."""
        client_id = new_client_id(self.now(), os.urandom)
        session = ClientSession(self, client_id, opening.peer_uid)
        self.sessions[session.client_id] = session
        return session

    def session_closed(self, session: ClientSession) -> None:
        """Let go of a session whose connection has gone, everywhere."""
        self.host.session_closed(session.client_id)
        for part in (self.inference, self.voice_sessions, self.meetings):
            part.session_closed(session.client_id)
        self.sessions.pop(session.client_id, None)


def _first_key(found: list[tuple[str, str]]) -> str | None:
    return found[0][1] if found else None
