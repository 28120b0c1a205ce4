"""CarClient: what an agent holds to talk to the daemon.

It keeps what outlives a connection: tools, policies, handlers, and the will to reconnect.
The connection itself is a ``Link``, opened by a ``Dialer``.
"""

import os
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from car.client.backoff import Backoff
from car.client.dialing import Dialer
from car.client.errors import Disconnected, Unhandled, UnreadableAnswer
from car.client.finding import find_proof, find_url
from car.client.link import Link, LinkUser
from car.client.tools import Call, Toolbox, ToolFunction, make_tool
from car.errors import CarError
from car.ir.json import JsonObject, JsonValue, RecordError, convert, decode
from car.ir.proposal import ActionProposal, RuntimeScope
from car.ir.results import ProposalResult
from car.ir.tools import RateLimit, ToolSchema
from car.policy.rules import PolicyDefinition
from car.verify.report import VerifyReport
from car.wsclient.connecting import CONNECT_SECONDS

_log = Logger()

CALL_SECONDS = 30.0
"""How long a call waits for its answer, as in the official clients."""

SUBMIT_SECONDS = 1830.0
"""How long a submission waits: the daemon's own 30 minutes, then 30 s (``protocol.md`` §9)."""

Handler = Callable[[Any], Any]
"""Takes the params; may return a Deferred or a coroutine."""

_T = TypeVar("_T")


def connect(
    url: str | None = None,
    *,
    reactor: Any,
    token: str | None = None,
    reconnect: Backoff | None = None,
    timeout: float = CONNECT_SECONDS,
    environ: Mapping[str, str] = os.environ,
    endpoint: IStreamClientEndpoint | None = None,
) -> "Deferred[CarClient]":
    """Connect to the daemon, authenticate and shake hands; fires with a CarClient.

    *url* (``ws://``, ``wss://`` or ``unix:/path``) defaults to ``CAR_DAEMON_URL``, else
    ``ws://127.0.0.1:9100``; *token* to what `car.client.finding.find_proof` finds.  With
    *reconnect* a client that loses its daemon comes back by itself; the first connection is
    tried once.  *timeout* is in seconds.

    Fails with CannotConnect, AuthRefused, IncompatibleDaemon or another ClientError.
    Cancelling drops the attempt.
    """
    dialer = Dialer(
        url or find_url(environ),
        reactor,
        lambda: find_proof(environ, sys.platform, token),
        timeout=timeout,
        endpoint=endpoint,
    )
    return Deferred.fromCoroutine(CarClient(dialer, reactor, reconnect).start())


class CarClient:
    """A client of one daemon; made by `connect`.

    A call fails with RpcError (the daemon's error), DeadlineExceeded, Disconnected (also at
    once while there is no connection) or TooManyCalls.  A call that was in flight when the
    connection went is never sent again.  Cancelling a call forgets it; the daemon works on.
    """

    def __init__(
        self,
        dialer: Dialer,
        clock: IReactorTime,
        backoff: Backoff | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._dialer = dialer
        self._clock = clock
        self._backoff = backoff
        self._draw = draw
        self._user = LinkUser(self._requested, self._notified, self._lost)
        self._link: Link | None = None
        self._gone = "not connected yet"
        self._closing = False
        self._reconnecting: Deferred[None] | None = None
        self._when_closed: list[Deferred[None]] = []
        self._toolbox = Toolbox()
        self._policies: list[PolicyDefinition] = []
        self._requests: dict[str, Handler] = {"tools.execute": self._execute_tool}
        self._notifications: dict[str, list[Handler]] = {}
        self._on_reconnect: list[Callable[[], Any]] = []
        self._on_disconnect: list[Callable[[str], Any]] = []
        self.server_version = "unknown"

    async def start(self) -> "CarClient":
        """Open the first connection; answers the client itself."""
        greeted = await self._dialer.dial(self._user)
        self._link, self.server_version = greeted.link, greeted.server_version
        return self

    @property
    def url(self) -> str:
        """Where the daemon is."""
        return self._dialer.url

    @property
    def connected(self) -> bool:
        """Whether a call can be sent now."""
        return self._link is not None

    # ---- calls -------------------------------------------------------------------------

    def call(
        self, method: str, params: Any = None, *, timeout: float | None = CALL_SECONDS
    ) -> "Deferred[JsonValue]":
        """Call any method of the daemon; fires with its result.

        *params* are a JSON value, or records such as ActionProposal in the place of objects.
        *timeout* is in seconds, None waits as long as the connection stands.
        """
        return self._call(method, params, timeout).addCallback(decode)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; raises Disconnected."""
        if self._link is None:
            raise Disconnected(self._gone)
        self._link.notify(method, params)

    def submit(
        self,
        proposal: ActionProposal | JsonObject,
        *,
        session_id: str | None = None,
        scope: RuntimeScope | None = None,
        timeout: float | None = SUBMIT_SECONDS,
    ) -> "Deferred[ProposalResult]":
        """Have a proposal run; fires with what became of each action.

        *session_id* names a policy scope, *scope* on whose behalf it runs.  What an action
        does is in the results: a failed action is no failure of the call.
        """
        params: dict[str, Any] = {"proposal": proposal}
        if session_id is not None:
            params["session_id"] = session_id
        if scope is not None:
            params["scope"] = scope
        return self._record("proposal.submit", params, timeout, ProposalResult)

    def verify(
        self,
        proposal: ActionProposal | JsonObject,
        *,
        state: JsonObject | None = None,
        tools: list[str] | None = None,
        max_actions: int | None = None,
        timeout: float | None = CALL_SECONDS,
    ) -> "Deferred[VerifyReport]":
        """Have a proposal analysed without running it; fires with the report.

        *state* and *tools* (names) default to the session's.
        """
        params: dict[str, Any] = {"proposal": proposal, "max_actions": max_actions}
        params.update(initial_state=state, tool_names=tools)
        given = {name: value for name, value in params.items() if value is not None}
        return self._record("verify", given, timeout, VerifyReport)

    def state_get(self, key: str, *, tenant_id: str | None = None) -> "Deferred[JsonValue]":
        """Fires with the value of a key of the session's state, None where there is none."""
        return self.call("state.get", {"key": key, "tenant_id": tenant_id})

    def state_set(
        self, key: str, value: JsonValue, *, tenant_id: str | None = None
    ) -> "Deferred[None]":
        """Set a key of the session's state; fires once it is set."""
        params = {"key": key, "value": value, "tenant_id": tenant_id}
        return self.call("state.set", params).addCallback(_nothing)

    def _call(self, method: str, params: Any, timeout: float | None) -> "Deferred[bytes]":
        if self._link is None:
            failed: Deferred[bytes] = Deferred()
            failed.errback(Failure(Disconnected(self._gone)))
            return failed
        return self._link.call(method, params, timeout)

    def _record(
        self, method: str, params: Any, timeout: float | None, type_: type[_T]
    ) -> "Deferred[_T]":
        """A call whose result is a record."""

        def read(result: bytes) -> _T:
            try:
                return convert(decode(result), type_)
            except RecordError as problem:
                raise UnreadableAnswer(f"{method}: the daemon's answer: {problem}") from None

        return self._call(method, params, timeout).addCallback(read)

    # ---- tools and policies ------------------------------------------------------------

    def register_tool(
        self,
        function: ToolFunction,
        *,
        name: str | None = None,
        description: str | None = None,
        schema: JsonObject | None = None,
        idempotent: bool = False,
        cache_ttl_secs: int | None = None,
        rate_limit: RateLimit | None = None,
    ) -> "Deferred[ToolSchema]":
        """Offer *function* to proposals as a tool; fires with what was registered.

        It is called with the parameters as keyword arguments, and returns a JSON value (or a
        record), a Deferred or a coroutine; what it raises fails the action.  *name* and
        *description* default to the function's own, *schema* (the JSON Schema of the
        parameters) to what its annotations say: then arguments come as the annotated types.
        Raises ToolDefinitionError for a function that cannot be a tool.
        """
        tool = make_tool(
            function,
            name=name,
            description=description,
            schema=schema,
            idempotent=idempotent,
            cache_ttl_secs=cache_ttl_secs,
            rate_limit=rate_limit,
        )

        def registered(_: JsonValue) -> ToolSchema:
            self._toolbox.add(tool)
            return tool.schema

        return self.call("tools.register", [tool.schema]).addCallback(registered)

    def unregister_tool(self, name: str) -> "Deferred[None]":
        """Take a tool back; an unknown name is no error."""
        self._toolbox.remove(name)
        return self.call("tools.unregister", {"name": name}).addCallback(_nothing)

    def register_policy(self, policy: PolicyDefinition) -> "Deferred[None]":
        """Put a rule in force for this session.

        It is put in force again after a reconnect, unless it belongs to a policy scope, as
        scopes end with their connection.
        """

        def registered(_: JsonValue) -> None:
            if policy.session_id is None:
                self._policies.append(policy)

        return self.call("policy.register", policy).addCallback(registered)

    def unregister_policy(self, name: str) -> "Deferred[None]":
        """Remove every rule of that name from this session."""
        self._policies = [policy for policy in self._policies if policy.name != name]
        return self.call("policy.unregister", {"name": name}).addCallback(_nothing)

    # ---- what the daemon says ----------------------------------------------------------

    def on(self, method: str, handler: Handler) -> None:
        """Have *handler* called with the params of every notification *method*.

        What it raises is logged.  Notifications come in the daemon's order.
        """
        self._notifications.setdefault(method, []).append(handler)

    def on_request(self, method: str, handler: Handler) -> None:
        """Answer the daemon's requests *method* (``multi.run_agent``, ``agent.chat``, …).

        *handler* gets the params; what it returns, or its Deferred or coroutine gives, is
        the answer, what it raises an error.
        """
        self._requests[method] = handler

    def on_reconnect(self, handler: Callable[[], Any]) -> None:
        """Have *handler* called after each reconnect, once tools and policies stand again.

        The session is a new one: state, policy scopes and subscriptions are gone.
        """
        self._on_reconnect.append(handler)

    def on_disconnect(self, handler: Callable[[str], Any]) -> None:
        """Have *handler* called with the reason when the connection goes, but not by `close`."""
        self._on_disconnect.append(handler)

    def _requested(self, method: str, params: JsonValue) -> Any:
        handler = self._requests.get(method)
        if handler is None:
            raise Unhandled(f"no handler registered for {method}")
        return handler(params)

    def _execute_tool(self, params: JsonValue) -> Any:
        return self._toolbox.execute(convert(params, Call))

    def _notified(self, method: str, params: JsonValue) -> None:
        if method == "tools.cancel" and self._link is not None and isinstance(params, dict):
            self._link.cancel(str(params.get("request_id", "")))
        for handler in self._notifications.get(method, ()):
            _call_user(method, handler, params)

    # ---- the end of a connection -------------------------------------------------------

    def close(self) -> "Deferred[None]":
        """Close the connection, and do not reconnect; fires once it is closed."""
        self._closing = True
        self._gone = "the client is closed"
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        if self._link is None:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._when_closed.append(closed)
        self._link.close()
        return closed

    def _lost(self, link: Link, reason: str) -> None:
        if link is not self._link:
            return  # it went while it was being greeted: the dialer knows
        self._link = None
        waiting, self._when_closed = self._when_closed, []
        for closed in waiting:
            closed.callback(None)
        if self._closing:
            return
        self._gone = reason
        for handler in self._on_disconnect:
            _call_user("on_disconnect", handler, reason)
        if self._backoff is not None and not self._closing:  # a handler may have closed us
            self._reconnecting = Deferred.fromCoroutine(self._reconnect(self._backoff))
            self._reconnecting.addErrback(_only_cancelled)

    async def _reconnect(self, backoff: Backoff) -> None:
        """Dial until the daemon answers, then put tools and policies in place again."""
        attempt = 0
        link = None
        while link is None:
            await deferLater(self._clock, backoff.delay(attempt, self._draw()))
            try:
                link = await self._dial_again()
            except CarError as problem:
                _log.warn("cannot reconnect: {problem}", problem=str(problem))
                attempt += 1
        self._link = link
        self._reconnecting = None
        _log.info("reconnected to {url}", url=self.url)
        for handler in self._on_reconnect:
            _call_user("on_reconnect", handler)

    async def _dial_again(self) -> Link:
        greeted = await self._dialer.dial(self._user)
        restored = False
        try:
            tools = self._toolbox.schemas()
            if tools or self._policies:
                params = {"tools": tools, "policies": self._policies}
                await greeted.link.call("session.init", params, CALL_SECONDS)
            restored = True
        finally:
            if not restored:
                greeted.link.abort()
        self.server_version = greeted.server_version
        return greeted.link


def _call_user(what: str, handler: Callable[..., Any], *arguments: JsonValue) -> None:
    """Call a handler of the user's; what it raises is logged."""
    done: Deferred[Any] = maybeDeferred(handler, *arguments)
    done.addErrback(lambda failure: _log.failure("the handler of {what}", failure, what=what))


def _nothing(_: object) -> None:
    """For calls whose result says nothing."""


def _only_cancelled(failure: Failure) -> None:
    failure.trap(CancelledError)
