"""Which listeners other machines can reach, judged by their endpoint descriptions.

A routable listener needs authentication and TLS, or the operator's word that it is meant
(``reliability.md`` T5).  A socket passed in by systemd has no address to judge beforehand:
whoever opens it looks at ``is_loopback`` of what it is bound to.
"""

import ipaddress
import re

_COLON = re.compile(r"(?<!\\):")
_ESCAPE = re.compile(r"\\(.)")
_LOCAL = {"unix", "stdio", "fd", "systemd"}
_TLS = {"ssl", "tls"}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach *host*, an address or ``localhost``.

    Any other name counts as reachable, as the empty one does (all interfaces).
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def exposure(endpoint: str, auth_enabled: bool) -> str | None:
    """What a listener on the Twisted *endpoint* description lacks, None for a safe one.

    The answer completes "can be reached from other machines without …".
    """
    fields = [_ESCAPE.sub(r"\1", field) for field in _COLON.split(endpoint)]
    if fields[0] == "haproxy":
        fields = fields[1:]
    if not fields or fields[0] in _LOCAL or is_loopback(_interface(fields)):
        return None
    return _lacking(auth_enabled, tls=fields[0] in _TLS)


def bind_exposure(address: str, auth_enabled: bool) -> str | None:
    """The same for a plain HTTP listener on *address*, a ``host:port``."""
    if is_loopback(address.rpartition(":")[0]):
        return None
    return _lacking(auth_enabled, tls=False)


def _interface(fields: list[str]) -> str:
    """The address that an endpoint description binds, empty for all."""
    for field in fields[1:]:
        name, separator, value = field.partition("=")
        if separator and name == "interface":
            return value
    return ""


def _lacking(auth_enabled: bool, *, tls: bool) -> str | None:
    lacks = [] if auth_enabled else ["authentication"]
    if not tls:
        lacks.append("TLS")
    return " and ".join(lacks) or None
