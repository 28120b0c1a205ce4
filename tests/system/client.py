"""A client on a plain socket: does what it is told, also what no good client would do.

It shares no code with the daemon, so that both cannot be wrong in the same way.
"""

import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

WAIT_SECONDS = 20.0
"""Within which an answer must come."""

Message = dict[str, Any]
Tool = Callable[[Message], Any]


class ConnectionEnded(Exception):
    """The connection has gone; ``code`` is that of the close frame, if there was one."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(f"the connection has ended, code {code}")
        self.code = code


class CallFailed(Exception):
    """The daemon answered with an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.data: Message = error.get("data") or {}


def opening(*headers: str, host: str = "127.0.0.1") -> bytes:
    """An opening request with further *headers*."""
    lines = [
        "GET / HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """A final frame, masked with zeros so that large ones cost nothing."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
    elif length < 0x10000:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
    return head + bytes(4) + payload


def request(id: int, method: str, params: Any = None) -> bytes:
    """The frame of a request."""
    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return frame(TEXT, json.dumps(message).encode())


def proposal(name: str, *tools: str, then: str | None = None) -> Message:
    """A plan that calls *tools* one after the other, then sets the state key *then*.

    Its action ids are ``<name>-1``, ``<name>-2``, …
    """
    actions: list[Message] = [
        {
            "id": f"{name}-{number}",
            "type": "tool_call",
            "tool": tool,
            "parameters": {"n": number},
            "dependencies": [f"{name}-{number - 1}"] if number > 1 else [],
        }
        for number, tool in enumerate(tools, 1)
    ]
    if then is not None:
        number = len(actions) + 1
        actions.append(
            {
                "id": f"{name}-{number}",
                "type": "state_write",
                "parameters": {"key": then, "value": name},
                "dependencies": [f"{name}-{number - 1}"] if number > 1 else [],
            }
        )
    return {"proposal": {"id": name, "source": "system test", "actions": actions}}


class Client:
    """One connection, opened at once, to a port of this machine or to a Unix socket.

    ``tools`` answer ``tools.execute``; calls of other tools stay in ``calls``, unanswered.
    Notifications are gathered in ``notified``.
    """

    def __init__(self, address: int | Path) -> None:
        self.socket = connect(address)
        self.tools: dict[str, Tool] = {}
        self.calls: list[Message] = []
        self.notified: list[Message] = []
        self._buffer = bytearray()
        self._last_id = 0
        self.send_octets(opening())
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._receive_octets(WAIT_SECONDS)
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        if b" 101 " not in head:
            self.close()
            raise ConnectionEnded()

    def authenticate(self, token: str) -> None:
        """Show the token."""
        self.call("session.auth", {"token": token})

    def register(self, *names: str) -> None:
        """Register tools of any parameters."""
        self.call("session.init", {"tools": [{"name": name} for name in names]})

    # ---- calls ---------------------------------------------------------------------

    def call(self, method: str, params: Any = None) -> Any:
        """The result of a method; raises CallFailed or ConnectionEnded."""
        return self.result_of(self.begin(method, params))

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request; its id."""
        self._last_id += 1
        self.send_octets(request(self._last_id, method, params))
        return self._last_id

    def result_of(self, id: int) -> Any:
        """Wait for the answer to the request *id*, running tools meanwhile."""
        while True:
            message = self.receive()
            if "method" not in message and message["id"] == id:
                if "error" in message:
                    raise CallFailed(message["error"])
                return message["result"]

    def submit(self, name: str, *tools: str, then: str | None = None) -> list[Message]:
        """Run a plan as `proposal` makes it; the results of its actions."""
        results: list[Message] = self.call("proposal.submit", proposal(name, *tools, then=then))[
            "results"
        ]
        return results

    def answer(self, id: str, result: Any) -> None:
        """Answer a tool call of the daemon's."""
        self.send_text({"jsonrpc": "2.0", "id": id, "result": result})

    # ---- messages ------------------------------------------------------------------

    def receive(self, seconds: float = WAIT_SECONDS) -> Message:
        """The next message; what has a tool of ours is answered, then given as well."""
        while True:
            opcode, payload = self._next_frame(seconds)
            if opcode == PING:
                self.send_octets(frame(PONG, payload))
            elif opcode == CLOSE:
                with contextlib.suppress(OSError):  # it may have gone already
                    self.socket.sendall(frame(CLOSE, payload[:2]))
                raise ConnectionEnded(struct.unpack("!H", payload[:2])[0] if payload else None)
            elif opcode == TEXT:
                message: Message = json.loads(payload)
                self._take(message)
                return message

    def wait_for(self, method: str) -> Message:
        """The params of the next request or notification *method*."""
        while True:
            message = self.receive()
            if message.get("method") == method:
                params: Message = message["params"]
                return params

    def _take(self, message: Message) -> None:
        if "method" not in message:
            return
        if "id" not in message:
            self.notified.append(message)
        elif message["params"].get("tool") in self.tools:
            params = message["params"]
            self.answer(message["id"], self.tools[params["tool"]](params["parameters"]))
        else:
            self.calls.append(message)

    def send_text(self, message: Message) -> None:
        """Send one message."""
        self.send_octets(frame(TEXT, json.dumps(message).encode()))

    # ---- octets --------------------------------------------------------------------

    def send_octets(self, octets: bytes) -> None:
        """Send any octets; raises ConnectionEnded."""
        try:
            self.socket.sendall(octets)
        except OSError:
            raise ConnectionEnded() from None

    def _next_frame(self, seconds: float) -> tuple[int, bytes]:
        buffer = self._buffer
        while True:
            if len(buffer) >= 2:
                length, start = buffer[1], 2
                if length == 126 and len(buffer) >= 4:
                    (length,), start = struct.unpack_from("!H", buffer, 2), 4
                elif length == 127 and len(buffer) >= 10:
                    (length,), start = struct.unpack_from("!Q", buffer, 2), 10
                elif length >= 126:
                    start = len(buffer) + 1
                if len(buffer) >= start + length:
                    opcode, payload = buffer[0] & 15, bytes(buffer[start : start + length])
                    del buffer[: start + length]
                    return opcode, payload
            self._receive_octets(seconds)

    def _receive_octets(self, seconds: float) -> None:
        self.socket.settimeout(seconds)
        try:
            octets = self.socket.recv(2**20)
        except TimeoutError:
            raise AssertionError(f"nothing came within {seconds:g} s") from None
        except OSError:
            octets = b""
        if not octets:
            raise ConnectionEnded()
        self._buffer += octets

    # ---- ends ----------------------------------------------------------------------

    def close(self) -> None:
        """Close the socket without a word."""
        self.socket.close()

    def reset(self) -> None:
        """Have the kernel send RST."""
        reset(self.socket)

    def close_cleanly(self) -> int | None:
        """The closing handshake; the code that the daemon answers with."""
        self.send_octets(frame(CLOSE, struct.pack("!H", 1000)))
        try:
            while True:
                self.receive()
        except ConnectionEnded as ended:
            return ended.code
        finally:
            self.close()


def connect(address: int | Path) -> socket.socket:
    """A socket connected to a port of this machine or a Unix socket."""
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), WAIT_SECONDS)
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(WAIT_SECONDS)
    found.connect(os.fspath(address))
    return found


def reset(found: socket.socket) -> None:
    """Close a socket by RST."""
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    found.close()


def round_trip(client: Client) -> float:
    """How long a small request takes, in seconds."""
    begun = time.perf_counter()
    client.call("state.exists", {"key": "witness"})
    return time.perf_counter() - begun


def can_write(client: Client) -> bool:
    """Whether the client's state can be changed, which its journal must record."""
    try:
        client.call("state.set", {"key": "witness", "value": 1})
    except CallFailed:
        return False
    return True
