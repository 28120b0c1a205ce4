"""Application: the whole daemon as one Twisted service.

An embedder builds one with a config and parts of its own, and mounts it under any parent
service; ``twistd car`` builds one from its settings.  This is the one module that imports
the reactor.
"""

import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import txaio
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.logger import Logger

from car.browser.page import PageRules
from car.errors import CarError
from car.memgine.memgine import Memgine
from car.memgine.skills.signatures import trusted_signers
from car.scratch import sweep
from car.server.auth import Authenticator, Credentials
from car.server.config import ServerStateConfig
from car.server.descriptors import raise_descriptor_limit
from car.server.drain import Drain
from car.server.dreams import Dreams
from car.server.election import Election
from car.server.gatekeeper import Gatekeeper
from car.server.listeners import Listeners
from car.server.opening import OpeningPolicy
from car.server.server_state import ServerState
from car.server.websocket import CarServerFactory
from car.settings import Settings
from car.voice.speech import piper_process
from car.worker import pipe

_log = Logger()

NOT_BUILT = ("store", "mcp_bind", "a2a_bind")
"""Settings of parts still to come: told at the start, as whoever sets them expects them."""

DEFAULT_ENDPOINT = "tcp:9100:interface=127.0.0.1"
"""Where the daemon listens unless told otherwise."""


def the_reactor() -> Any:
    """The process's own reactor, imported as late as can be."""
    from twisted.internet import reactor

    return reactor


class Application(MultiService):
    """A daemon: shared state, listening sockets, orderly start and stop.

    *listen* are Twisted endpoint descriptions.  *memgine* is one memory engine for all
    connections, *inference* the models; both win over those of *config*.  *reactor* runs
    everything, None takes the process's own; *clock* keeps time in its place.  ``listening`` fires
    with the bound ports once the daemon serves, or fails with ListenError.
    """

    def __init__(
        self,
        config: ServerStateConfig | None = None,
        *,
        listen: Sequence[str] = (DEFAULT_ENDPOINT,),
        memgine: Memgine | None = None,
        inference: Any = None,
        reactor: Any = None,
        clock: IReactorTime | None = None,
        now: Callable[[], float] = time.time,
        policy: OpeningPolicy | None = None,
        socket_path: Callable[[int], Path | None] | None = None,
    ) -> None:
        super().__init__()
        reactor = the_reactor() if reactor is None else reactor
        config = config or ServerStateConfig()
        if memgine is not None:
            config = config.with_memgine(memgine)
        if inference is not None:
            config = config.with_inference(inference)
        self.config = config
        # Autobahn takes its own timers from there, not from the factory's reactor.
        txaio.use_twisted()
        txaio.config.loop = reactor if clock is None else clock  # type: ignore[attr-defined]
        self.state = ServerState(config, reactor, clock=clock, now=now)
        gatekeeper = Gatekeeper(self.state)
        factory = CarServerFactory(
            self.state.open_session,
            self.state.clock,
            config.limits,
            policy or OpeningPolicy(),
            gatekeeper.admit,
        )
        self.listeners = Listeners(listen, factory, reactor, socket_path, self.state.memories.ready)
        self.state.setServiceParent(self)
        self.listeners.setServiceParent(self)
        self._drain: Drain | None = None

    @property
    def listening(self) -> "Deferred[list[IListeningPort]]":
        """Fires with the bound ports; fails with ListenError."""
        return self.listeners.listening

    @property
    def port(self) -> int | None:
        """The bound TCP port, or None while there is none."""
        return self.listeners.port

    def startService(self) -> None:
        """Start the parts; what was stopped may be started again."""
        self.state.draining = False
        self.state.reactor.callInThread(sweep, pipe.KIND, piper_process.KIND)
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """Drain and stop; fires when the last session is gone and every journal closed."""
        self.running = 0
        return Deferred.fromCoroutine(self._stop())

    def hurry(self) -> None:
        """Cut a drain short."""
        if self._drain is not None:
            self._drain.hurry()

    async def _stop(self) -> None:
        stopped = self.listeners.stopService()
        if stopped is not None:
            await stopped
        for service in self:
            if service not in (self.listeners, self.state):
                await maybeDeferred(service.stopService)
        self._drain = Drain(self.state, self.config.limits.drain_timeout)
        await self._drain.done
        closed = self.state.stopService()
        if closed is not None:
            await closed


class NotBuilt(CarError):
    """A setting that promises protection which this version does not have."""


class Daemon(Application):
    """The Application of ``twistd car``: elected on its state root, with token files."""

    def __init__(
        self, settings: Settings, *, reactor: Any = None, memgine: Memgine | None = None
    ) -> None:
        if settings.permission_tier is not None:
            # Better no daemon than one that seems to guard and does not.
            raise NotBuilt("permission_tier: permission tiers are not built yet; leave it out")
        self.settings = settings
        self.credentials = None if settings.no_auth else Credentials(settings.auth_token)
        self.election = Election(settings.places, settings.socket)
        super().__init__(
            config_from(settings, self.credentials),
            listen=settings.endpoints,
            memgine=memgine,
            reactor=reactor,
            policy=OpeningPolicy.allowing(settings.allowed_host, settings.allowed_origin),
            socket_path=self.election.claim_socket,
        )
        if settings.consolidate_interval:
            state = self.state
            dreams = Dreams(state.memories, state.clock, settings.consolidate_interval, state.now)
            dreams.setServiceParent(self)

    def startService(self) -> None:
        """Stand for election, publish the tokens, start; raises CarError.

        The tokens are there before the port is, so that nobody who finds the port looks
        for them in vain.
        """
        raise_descriptor_limit()
        primary = self.election.stand()
        places = self.settings.places
        if self.credentials is not None and primary:
            self.credentials.publish(places.auth_token, places.host_token)
        for warning in self.settings.warnings:
            _log.warn("{warning}", warning=warning)
        for name in NOT_BUILT:
            if self.settings.value(name) is not None:
                _log.warn("{name} has no effect: that part is not built yet", name=name)
        super().startService()
        self.listening.addCallbacks(self._serving, self._not_serving)

    def _serving(self, ports: list[IListeningPort]) -> list[IListeningPort]:
        _log.info("listening on ws://127.0.0.1:{port}/", port=self.port)
        if self.listeners.socket is not None:
            _log.info("listening on unix:{path}", path=str(self.listeners.socket))
        if self.credentials is None:
            _log.warn("authentication is off: whoever can connect may do everything")
        elif self.election.primary:
            _log.info("clients find the token in {path}", path=str(self.settings.places.auth_token))
        else:
            _log.info("another daemon is the primary here: this one's token stays in memory")
        return ports

    def _not_serving(self, failure: Any) -> Any:
        self._leave()
        return failure

    def stopService(self) -> "Deferred[None]":
        """Drain, stop, remove the tokens and the pid file."""
        return super().stopService().addBoth(self._left)

    def _left(self, result: Any) -> Any:
        self._leave()
        return result

    def _leave(self) -> None:
        if self.credentials is not None:
            self.credentials.withdraw()
        self.election.release()


def config_from(settings: Settings, credentials: Credentials | None) -> ServerStateConfig:
    """What a server needs of the daemon's settings."""
    return ServerStateConfig(
        journal_dir=settings.journal_dir,
        state_dir=settings.places.root,
        authenticator=Authenticator(credentials),
        limits=settings.limits,
        durability=settings.durability,
        journal_chain=settings.journal_chain,
        blobs=not settings.no_blobs,
        redact=frozenset(settings.redact),
        redact_key=journal_key(settings.places.root) if settings.redact else None,
        shared_memgine=_shared_memgine(settings.shared_memgine),
        memory_encoder=settings.memory_encoder,
        skill_writer=settings.skill_writer,
        skill_signers=trusted_signers(settings.skill_signer),
        inference_max_concurrent=settings.inference_max_concurrent,
        local_decode_timeout=settings.local_decode_timeout_secs,
        tools_root=settings.tools_root,
        browser_rules=PageRules(
            allow_file=settings.browser_allow_file,
            allow_evaluate=settings.browser_evaluate,
            uploads=settings.browser_uploads,
        ),
        browser_max=settings.browser_max,
        meetings_root=settings.meetings_root,
        approvals=not settings.no_approvals,
        permission_tier=settings.permission_tier,
        manifest_path=settings.agents_manifest,
    )


def _shared_memgine(setting: str | None) -> Path | Literal[":memory:"] | None:
    if setting is None:
        return None
    return ":memory:" if setting == ":memory:" else Path(setting)


def journal_key(root: Path) -> bytes:
    """The key of redaction digests, ``<root>/journal.key``; made at the first use."""
    path = root / "journal.key"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with open(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key
