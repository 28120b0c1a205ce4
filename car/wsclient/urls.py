"""Where a WebSocket is: ``ws://host:port/path``, ``wss://…``, ``unix:/path/of/socket``."""

from urllib.parse import urlsplit

import msgspec

from car.wsclient.errors import CannotConnect

_PORTS = {"ws": 80, "wss": 443}


class WebSocketURL(msgspec.Struct, frozen=True):
    """A target: over TCP when ``socket_path`` is empty, else over that Unix socket.

    ``request_url`` is what the opening request names.
    """

    host: str
    port: int
    is_secure: bool
    socket_path: str
    request_url: str


def read_url(text: str) -> WebSocketURL:
    """The target that *text* names; raises CannotConnect."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise CannotConnect(f"The URL {text!r} must name a socket as in unix:/run/car.sock.")
        return WebSocketURL("localhost", 80, False, path, "ws://localhost/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise CannotConnect(f"The URL {text!r} has no valid port.") from None
    if parts.scheme not in _PORTS or parts.hostname in (None, "", "unix"):
        raise CannotConnect(f"The URL {text!r} must be ws://host:port/, wss:// or unix:/path.")
    if parts.fragment:
        raise CannotConnect(f"The URL {text!r} must not have a fragment.")
    if port == 0:
        raise CannotConnect(f"The URL {text!r} has no valid port.")
    host = parts.hostname or ""
    return WebSocketURL(host, port or _PORTS[parts.scheme], parts.scheme == "wss", "", text)
