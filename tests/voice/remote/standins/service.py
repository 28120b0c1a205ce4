"""Services of speech to text that speak the published formats, and are strict about ours.

What is "said" in audio is a matter of its samples: around 1,000 they are PHRASES[1], around
2,000 PHRASES[2], and so on.  A service writes down what it is sent; a client that does not keep
to the format is told so as the service would, and ``complaints`` has it.  Tests set what goes
wrong.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from msgspec import ValidationError

KEY = "stand-in-key-0123456789"

PHRASES = ("", "one owl hoots", "two cats sleep", "three dogs run", "four hens")

GUESS_MS = 200
"""How much new audio makes the service tell what it understood so far."""


def voice(phrase: int, milliseconds: int) -> bytes:
    """Audio of PHRASES[phrase], 16 kHz mono s16le."""
    return np.full(16 * milliseconds, phrase * 1_000, "<i2").tobytes()


class Conversation(WebSocketServerProtocol):
    """One connection to a Service, which is its factory; ``pcm`` is what it was sent of the
    present segment, ``messages`` all there came: decoded JSON, or octets."""

    factory: "Service"
    rate = 16_000

    def onConnect(self, request: ConnectionRequest) -> None:
        """Admit who has the key and asks for the right thing."""
        self.factory.requests.append(request)
        if self.factory.refuse_with is not None:
            raise ConnectionDeny(self.factory.refuse_with, "refused")
        if not self.has_key(request.headers):
            raise ConnectionDeny(401, "Unauthorized")
        complaint = self.wrong_request(
            request.path, {name: values[-1] for name, values in request.params.items()}
        )
        if complaint:
            self.factory.complaints.append(complaint)
            raise ConnectionDeny(400, complaint)

    def has_key(self, headers: dict[str, str]) -> bool:
        """Whether *headers*, with names in lower case, have the KEY."""
        raise NotImplementedError

    def wrong_request(self, path: str, query: dict[str, str]) -> str:
        """What is wrong with the address, nothing if it is right."""
        raise NotImplementedError

    def onOpen(self) -> None:
        """The connection is open."""
        self.pcm = b""
        self.told_ms = self.all_ms = 0
        self.messages: list[Any] = []
        self.ended: tuple[int, str] | None = None
        self.factory.connections.append(self)
        self.begin()

    def begin(self) -> None:
        """Speak first, if the service does."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """Take a message of the format."""
        self.messages.append(payload if isBinary else json.loads(payload))
        try:
            self.take(payload, isBinary)
        except (ValidationError, ValueError) as problem:
            self.factory.complaints.append(str(problem))
            self.complain(str(problem))

    def take(self, payload: bytes, is_binary: bool) -> None:
        """Take a message; raises ValidationError or ValueError."""
        raise NotImplementedError

    def complain(self, text: str) -> None:
        """Tell the client that it does not keep to the format."""
        raise NotImplementedError

    def hang_up(self, code: int, reason: str) -> None:
        """Close with any code."""
        self.sendCloseFrame(code, reason.encode())

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        """The connection is gone."""
        self.ended = (code, reason)

    # ---- what is understood -----------------------------------------------------------

    def add(self, pcm: bytes) -> bool:
        """Take audio of the present segment; whether it is time for a guess."""
        if len(pcm) % 2:
            raise ValueError("half a sample")
        self.pcm += pcm
        milliseconds = len(pcm) * 500 // self.rate
        self.all_ms += milliseconds
        self.told_ms += milliseconds
        limit = self.factory.drop_after_ms
        if limit is not None and self.all_ms >= limit:
            self.factory.drops -= 1
            if not self.factory.drops:
                self.factory.drop_after_ms = None
            self.dropConnection(abort=True)
            return False
        if self.told_ms < GUESS_MS or self.factory.is_silent:
            return False
        self.told_ms = 0
        return True

    @property
    def phrase(self) -> str:
        """What is said in the present segment."""
        samples = np.frombuffer(self.pcm, "<i2")
        loud = samples[np.abs(samples) > 500]
        return PHRASES[round(float(np.median(loud)) / 1_000)] if len(loud) else ""

    @property
    def beginning(self) -> str:
        """What is understood of the phrase so far: a word for each 200 ms."""
        words = len(self.pcm) * 500 // self.rate // GUESS_MS
        return " ".join(self.phrase.split()[:words])

    @property
    def milliseconds(self) -> int:
        """The length of the present segment."""
        return len(self.pcm) * 500 // self.rate

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.sendMessage(json.dumps(message).encode())


class Service(WebSocketServerFactory):
    """A service with one KEY, whose connections are of *kind*.

    ``refuse_with`` is the status of every handshake; ``is_silent`` says nothing to audio;
    ``drop_after_ms`` of audio a connection is dropped, ``drops`` times.
    """

    def __init__(self, kind: Callable[[], Conversation], clock: Any) -> None:
        super().__init__(reactor=clock)
        self.setProtocolOptions(failByDrop=False, openHandshakeTimeout=0, closeHandshakeTimeout=0)
        self._kind = kind
        self.requests: list[ConnectionRequest] = []
        self.connections: list[Conversation] = []
        self.complaints: list[str] = []
        self.refuse_with: int | None = None
        self.is_silent = False
        self.drop_after_ms: int | None = None
        self.drops = 1

    @property
    def last(self) -> Any:
        """The latest connection."""
        return self.connections[-1]

    def buildProtocol(self, addr: object) -> Any:
        """A new connection."""
        conversation = self._kind()
        conversation.factory = self
        return conversation


def decoded(audio: str) -> bytes:
    """What *audio* has in base64."""
    return base64.b64decode(audio, validate=True)
