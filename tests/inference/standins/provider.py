"""What all stand-ins have in common: keys, complaints, faults, and writing to the network."""

import json
from collections.abc import Iterable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from tests.inference.standins.script import KEY, SECOND_KEY, Asked

SLOW_SECONDS = 90.0
"""What ``slow`` waits before the first octet, and ``pause`` in the middle."""

RETRY_AFTER = 1
"""What an answer with 429 tells to wait."""

SPLIT_BYTES = 7

Body = dict[str, Any]


class Complaint(Exception):
    """A request that the provider would not take; *status* and *code* as it would tell them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Provider(Resource):
    """One provider.  ``requests`` are those it has got, ``lost`` the connections that went
    before their answer was whole.  ``nonsense`` takes the place of all answers.
    """

    isLeaf = True
    needs_key = True
    nonsense = b""

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__()
        self.clock = clock
        self.requests: list[tuple[str, dict[str, str], Body]] = []
        self.lost: list[Failure] = []
        self._limited: set[str] = set()

    def key_of(self, request: Request) -> str | None:
        """The key that came with *request*."""
        raise NotImplementedError

    def answer(self, request: Request, body: Body) -> "tuple[Asked, Body | list[bytes]]":
        """What was asked, and the answer: an object, or the events of a stream.

        Raises Complaint.
        """
        raise NotImplementedError

    def complaint(self, problem: Complaint) -> Body:
        """The body for *problem*."""
        raise NotImplementedError

    def render_POST(self, request: Request) -> int:
        """Answer one request."""
        body = json.loads(request.content.read() if request.content else b"")
        headers = {
            name.decode().lower(): values[-1].decode()
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        self.requests.append((request.uri.decode(), headers, body))
        request.notifyFinish().addErrback(self.lost.append)
        try:
            key = self.key_of(request)
            if self.needs_key and key not in (KEY, SECOND_KEY):
                raise Complaint(401, "invalid_api_key", f"Incorrect API key provided: {key}.")
            asked, answer = self.answer(request, body)
            if "limit" in asked.faults and key == KEY and asked.model not in self._limited:
                self._limited.add(asked.model)
                request.setHeader(b"Retry-After", str(RETRY_AFTER).encode())
                raise Complaint(429, "rate_limit_exceeded", "Rate limit reached.")
            if "broken" in asked.faults:
                raise Complaint(503, "unavailable", "The server is overloaded.")
        except Complaint as problem:
            request.setResponseCode(problem.status)
            _Sender(request, self.clock, set()).send_object(self.complaint(problem))
            return NOT_DONE_YET
        sender = _Sender(request, self.clock, asked.faults)
        if self.nonsense:
            sender.send_stream([self.nonsense])
        elif isinstance(answer, list):
            sender.send_stream(answer)
        else:
            sender.send_object(answer)
        return NOT_DONE_YET


class _Sender:
    """Writes one answer, with its faults."""

    def __init__(self, request: Request, clock: IReactorTime, faults: set[str]) -> None:
        self._request: Any = request
        self._clock = clock
        self._faults = faults

    def send_object(self, answer: Body) -> None:
        """Write *answer* as one JSON text."""
        octets = json.dumps(answer, ensure_ascii=False).encode()
        self._request.setHeader(b"Content-Type", b"application/json")
        if "drop" in self._faults or "vanish" in self._faults:
            self._request.setHeader(b"Content-Length", str(len(octets)).encode())
        self._begin([octets])

    def send_stream(self, events: list[bytes]) -> None:
        """Write *events*, each with its blank line."""
        self._request.setHeader(b"Content-Type", b"text/event-stream; charset=utf-8")
        if "crlf" in self._faults:
            events = [b"\r\n".join([*event.strip().splitlines(), b"", b""]) for event in events]
        if "comments" in self._faults:
            events = [b": keep-alive\n\n" + event for event in events]
        self._begin(events)

    def _begin(self, pieces: list[bytes]) -> None:
        if "vanish" in self._faults:
            self._request.transport.abortConnection()
        elif "slow" in self._faults:
            self._clock.callLater(SLOW_SECONDS, self._send, pieces)
        else:
            self._send(pieces)

    def _send(self, pieces: list[bytes]) -> None:
        if self._request._disconnected:
            return
        whole = b"".join(pieces)
        half = len(whole) // 2
        if "drop" in self._faults:
            self._write([whole[:half]])
            self._request.transport.loseConnection()
        elif "pause" in self._faults:
            self._write([whole[:half]])
            self._clock.callLater(SLOW_SECONDS, self._send_rest, whole[half:])
        else:
            self._write(pieces)
            self._request.finish()

    def _send_rest(self, rest: bytes) -> None:
        if not self._request._disconnected:
            self._write([rest])
            self._request.finish()

    def _write(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            size = SPLIT_BYTES if "split" in self._faults else len(piece)
            for start in range(0, len(piece), size):
                self._request.write(piece[start : start + size])


def check_members(body: Body, required: Iterable[str], known: Iterable[str]) -> None:
    """Raises Complaint where *body* lacks a member, or has one that the API does not know."""
    for name in required:
        if name not in body:
            raise Complaint(400, "missing_required_parameter", f"{name}: Field required")
    for name in body:
        if name not in known:
            raise Complaint(400, "unknown_parameter", f"{name}: Unknown parameter")


def check(holds: object, message: str) -> None:
    """Raises Complaint with *message* unless *holds*."""
    if not holds:
        raise Complaint(400, "invalid_value", message)


def event(data: Body, name: str = "", end: bytes = b"\n\n") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + json.dumps(data, ensure_ascii=False).encode() + end


def path_of(request: Request) -> list[str]:
    """The part of the path below the provider's place."""
    return [str(segment, "utf-8") for segment in request.postpath or ()]
