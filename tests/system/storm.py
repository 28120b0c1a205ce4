"""Connections that come and go in eight ways, most of them bad manners."""

import contextlib
import itertools
from collections.abc import Callable

from tests.system.client import (
    TEXT,
    Client,
    ConnectionEnded,
    connect,
    frame,
    opening,
    proposal,
    request,
    reset,
)


class Storm:
    """Visits a daemon on *port*, in eight ways by turns; *token* is None where none is needed."""

    def __init__(self, port: int, token: str | None) -> None:
        self._port = port
        self._token = token
        self._names = itertools.count(1)

    def visit(self, count: int) -> None:
        """Come and go *count* times."""
        ways: list[Callable[[], None]] = [
            self._bare,
            self._half_opening,
            self._clean,
            self._reset,
            self._mid_frame,
            self._with_session,
            self._mid_call,
            self._mid_callback,
        ]
        for way in itertools.islice(itertools.cycle(ways), count):
            with contextlib.suppress(ConnectionEnded):
                way()

    def client(self) -> Client:
        """A connection that may do everything."""
        client = Client(self._port)
        if self._token is not None:
            client.authenticate(self._token)
        return client

    def _bare(self) -> None:
        connect(self._port).close()

    def _half_opening(self) -> None:
        visitor = connect(self._port)
        visitor.sendall(opening()[:60])
        visitor.close()

    def _clean(self) -> None:
        Client(self._port).close_cleanly()

    def _reset(self) -> None:
        Client(self._port).reset()

    def _mid_frame(self) -> None:
        client = self.client()
        client.send_octets(frame(TEXT, bytes(5000))[:2000])
        client.close()

    def _with_session(self) -> None:
        client = self.client()
        client.register("work")
        client.call("state.set", {"key": "k", "value": 1})
        client.close()

    def _mid_call(self) -> None:
        client = self.client()
        plan = proposal(f"s{next(self._names)}", then="k")
        client.send_octets(request(7, "proposal.submit", plan))
        reset(client.socket)

    def _mid_callback(self) -> None:
        client = self.client()
        client.register("work")
        client.begin("proposal.submit", proposal(f"s{next(self._names)}", "work", "work"))
        client.wait_for("tools.execute")
        client.close()
