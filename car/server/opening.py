"""Who may open a connection: the Host and Origin headers of an opening request.

A web page can make a browser connect to any address it likes, so what a browser says about
the page decides (reliability notes, T1 and T2).  Pure; what is sent back, and how many
connections there may be, is decided elsewhere.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from car.errors import CarError

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names that only this machine gives itself."""

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")

_DEFAULT_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = 403
_BAD_REQUEST = 400


class InvalidOrigin(CarError):
    """An origin the operator wants to allow is not one."""


class Opening(msgspec.Struct, frozen=True):
    """A connection that asks to be opened.

    ``peer`` is text for logs; ``peer_uid`` the user on the other end of a Unix socket, None
    for TCP and where the platform does not tell.
    """

    peer: str
    is_unix: bool = False
    peer_uid: int | None = None


class Refusal(msgspec.Struct, frozen=True):
    """The HTTP status and the reason phrase that an opening request is refused with."""

    status: int
    reason: str


class Origin(NamedTuple):
    """An origin as RFC 6454 has it, with the default port filled in (0 where none is)."""

    scheme: str
    host: str
    port: int


class OpeningPolicy(msgspec.Struct, frozen=True):
    """The host names this daemon answers to, and the web origins that may use it."""

    hosts: frozenset[str] = LOOPBACK_HOSTS
    origins: frozenset[Origin] = frozenset()

    @classmethod
    def allowing(cls, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> "OpeningPolicy":
        """The policy for loopback, further *hosts* (names or addresses, without a port) and
        *origins* such as ``https://app.example.com``.

        Raises InvalidOrigin.
        """
        allowed = []
        for text in origins:
            origin = read_origin(text)
            if origin is None:
                raise InvalidOrigin(
                    f"The allowed origin {text!r} is not one: write it as https://app.example.com."
                )
            allowed.append(origin)
        names = (name.strip().strip("[]").lower() for name in hosts)
        return cls(LOOPBACK_HOSTS | frozenset(names), frozenset(allowed))

    def refusal(self, head: bytes, is_unix: bool) -> Refusal | None:
        """Why the request with this *head* (request line and headers) may not be answered.

        None when it may.  On a Unix socket any Host will do, as no name leads there.
        """
        hosts = header_values(head, b"host")
        if len(hosts) != 1:
            return Refusal(_BAD_REQUEST, "There must be one Host header")
        host = _HOST.fullmatch(hosts[0].lower())
        name = host and (host["v6"] or host["name"])
        host_is_ours = name in self.hosts
        if not host_is_ours and not is_unix:
            return Refusal(_FORBIDDEN, "This Host is not allowed here")
        origins = header_values(head, b"origin")
        if not origins:
            return None
        origin = read_origin(origins[0]) if len(origins) == 1 else None
        if origin is None:
            return Refusal(_FORBIDDEN, "This Origin is not allowed here")
        if origin in self.origins:
            return None
        if host is not None and name is not None and host_is_ours:
            default = _DEFAULT_PORTS.get(origin.scheme)
            if default is not None and origin[1:] == (name, int(host["port"] or default)):
                return None
        return Refusal(_FORBIDDEN, "This Origin is not allowed here")


def header_values(head: bytes, name: bytes) -> list[str]:
    """The value of each header called *name* (in lower case) in the *head* of a request."""
    values = []
    for line in head.split(b"\r\n")[1:]:
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == name:
            values.append(value.strip().decode("latin-1"))
    return values


def read_origin(text: str) -> Origin | None:
    """The origin that *text* names; None for ``null``, a file, a list, or anything with more
    to it than scheme, host and port."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    scheme = parts.scheme
    if not scheme or not host or scheme == "file":
        return None
    authority = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(authority):
        return None
    if port is None:
        port = _DEFAULT_PORTS.get(scheme, 0)
        plain = f"{scheme}://{authority}"
    else:
        plain = f"{scheme}://{authority}:{port}"
    if text.lower() != plain:
        return None
    return Origin(scheme, host, port)
