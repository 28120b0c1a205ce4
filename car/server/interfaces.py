"""The seams of the server: connection and session, session and the engines beside it.

The connection knows frames, the session knows messages; both are written against the first
two interfaces, so either can be tested with a double of the other.  The others are what a
session and the shared state ask of memory, inference, browser, voice and meetings.
"""

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from car.browser.arguments import LaunchSettings
from car.browser.script import Script
from car.browser.steps import ScriptResult
from car.ir.json import JsonObject


class IConnection(Interface):
    """What a session may ask of its WebSocket."""

    peer = Attribute("Where the other end is, for logs: text such as ``tcp:127.0.0.1:4711``.")
    stalled = Attribute("Whether the peer has left so much output unread that we hold our own.")

    def send_messages(messages: list[bytes]) -> None:
        """Send each of *messages*, a list of UTF-8 JSON texts, as one text frame, in order.

        One write for all.  After the connection has gone this does nothing.
        """

    def close(code: int, reason: str) -> None:
        """Send a close frame with any code that RFC 6455 lets a server send, then close.

        What was sent before goes out first.  Calling it again does nothing.
        """

    def abort() -> None:
        """Drop the connection at once, unsent output included."""

    def raise_limits(expect_pongs: bool = False) -> None:
        """Lift the size limit of messages from before authentication to the full one.

        With *expect_pongs*, right for an authenticated peer, one from which nothing has come
        for 60 s is dropped.  Without it, right in open mode, only if it has answered a ping
        before: old clients never do while idle (decision 8).
        """


class IBinaryConnection(IConnection):
    """A connection that sends binary messages too, as every WebSocket of Autobahn's does."""

    def sendMessage(payload: bytes, isBinary: bool) -> None:
        """Send *payload* as one binary message if *isBinary*, after what was sent before."""


class IConnectionSession(Interface):
    """What a WebSocket tells the session behind it.  Nothing here raises or waits."""

    awaits_answers = Attribute("Whether requests of ours are out on this connection; a bool.")

    def opened(connection: IConnection) -> None:
        """The opening handshake is done; *connection* provides IBinaryConnection."""

    def turn_began() -> None:
        """Octets have arrived: messages follow until ``turn_ended``."""

    def message_received(payload: bytes) -> None:
        """One whole text message, octets that are valid UTF-8."""

    def binary_received(payload: bytes) -> None:
        """One whole binary message."""

    def turn_ended() -> None:
        """The octets are used up; what the session has gathered to send goes out now."""

    def output_stalled() -> None:
        """The peer reads too slowly: hold requests back until ``output_resumed``."""

    def output_resumed() -> None:
        """The output has drained: take up the requests held back."""

    def connection_lost(reason: str) -> None:
        """The connection has gone, once and for good; *reason* is a sentence."""


class IMemoryEngine(Interface):
    """A graph memory as a source of conversation sees it: a meeting, a voice session."""

    def ingest_conversation(speaker: str, text: str, at: float) -> object:
        """Take in one line that somebody said at *at*, in seconds since the epoch.

        A few milliseconds at most.  Answers a Deferred that fires once the line is kept as
        this memory keeps things; it may be left alone.
        """


class IBrowserSlot(Interface):
    """A session's browser, launched at its first use."""

    def run(script: Script, settings: LaunchSettings) -> Deferred[ScriptResult]:
        """Run *script* after those that came before; fires with its steps.

        *settings* count when this launches the browser.  Fails with a BrowserError.
        """

    def in_words(element_id: str | None) -> JsonObject:
        """What a person needs to judge a step: ``{page, element?}``."""

    def close() -> Deferred[bool]:
        """Close the browser, as the client asks or its connection ends.

        Fires when nothing is left of it: with whether there was one.
        """


class ISessionBound(Interface):
    """What outlives no session: the daemon's voice sessions, and its meetings' sinks."""

    def session_closed(client_id: str) -> None:
        """Let go of a session that has gone."""
