"""What we ask of Twisted's transports beyond ``write``.

Who is at the other end, and output that leaves at once and can be measured.  Twisted's
``transport.write`` queues, asks the poller for a turn and writes in the next one: six system
calls a message where three would do.  A plain TCP or UNIX transport with nothing queued can
be written to directly.  That takes four attributes of Twisted's descriptors which are not
public: they are looked for on each connection, and without them everything goes through
``transport.write``.
"""

import socket
import sys
from struct import Struct
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from car.server.opening import Opening

_QUICK_ACK: int = getattr(socket, "TCP_QUICKACK", 0)
"""Linux alone has it."""

_CREDENTIALS = Struct("3i")  # pid, uid, gid: struct ucred of Linux


def opening_of(transport: Any, peer: str) -> Opening:
    """The record of a connection that was accepted on *transport* from *peer*."""
    if not isinstance(transport.getHost(), UNIXAddress):
        return Opening(peer)
    return Opening(peer, is_unix=True, peer_uid=_peer_uid(transport))


def _peer_uid(transport: Any) -> int | None:
    """The user at the other end of a Unix socket; None where the platform does not tell."""
    if sys.platform != "linux" or not hasattr(transport, "getHandle"):
        return None
    size = _CREDENTIALS.size
    octets = transport.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    uid: int = _CREDENTIALS.unpack(octets)[1]
    return uid


def keep_alive(transport: Any) -> None:
    """Have the kernel probe an idle TCP connection; Unix sockets need no such thing."""
    if isinstance(transport.getHost(), IPv4Address | IPv6Address):
        transport.setTcpKeepAlive(True)


def _queue_is_known(transport: Any) -> bool:
    """Whether *transport* is a plain descriptor whose queue is built as we know it."""
    return (
        isinstance(transport, tcp.Connection)
        and not transport.TLS
        and isinstance(getattr(transport, "_tempDataBuffer", None), list)
        and isinstance(getattr(transport, "_tempDataLen", None), int)
        and isinstance(getattr(transport, "dataBuffer", None), bytes)
        and isinstance(getattr(transport, "offset", None), int)
    )


class Output:
    """Writes to one transport and knows how much of it the kernel has not taken."""

    __slots__ = ("_is_tcp", "_known", "_pause_bytes", "_transport")

    def __init__(self, transport: Any, pause_bytes: int) -> None:
        """Write to *transport*; more than *pause_bytes* unsent are too much.

        Twisted's own threshold stays as it is: the same attribute is the size of its reads.
        """
        self._transport = transport
        self._pause_bytes = pause_bytes
        self._known = _queue_is_known(transport)
        self._is_tcp = (
            self._known
            and _QUICK_ACK != 0
            and getattr(transport, "socket", None) is not None
            and transport.socket.family in (socket.AF_INET, socket.AF_INET6)
        )

    def write(self, data: bytes) -> None:
        """Send *data* after all that was written before."""
        transport = self._transport
        if (
            self._known
            and not transport._tempDataBuffer
            and transport.offset == len(transport.dataBuffer)
            and transport.connected
            and not transport.disconnecting
        ):
            taken = transport.writeSomeData(data)
            if taken == len(data):
                return
            if isinstance(taken, int):
                data = data[taken:]
            # Otherwise the connection is lost: the reactor finds out as it writes.
        transport.write(data)

    def acknowledge(self) -> None:
        """Have the kernel acknowledge at once what was read; it forgets with the next write.

        A client that leaves Nagle's algorithm on, as the official ones do, holds back its
        second small answer until the first is acknowledged, which the kernel otherwise
        delays by 40 ms.
        """
        if self._is_tcp and self._transport.connected:
            self._transport.socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    @property
    def full(self) -> bool:
        """Whether more waits than should; of a queue we cannot see, Twisted says so."""
        unsent = self.unsent
        return unsent is None or unsent > self._pause_bytes

    @property
    def unsent(self) -> int | None:
        """How many octets wait in the queue; None where the transport does not tell."""
        if not self._known:
            return None
        transport = self._transport
        unsent: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return unsent
