"""A web site in a process of its own: the pages of ``tests.browser.site``, and a shop to enter.

    python -m tests.system.website

prints its port once it serves, and ends when its standard input does.
"""

import subprocess
import sys
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from twisted.web.server import Request

from car.application import the_reactor
from tests.browser.site import LocalSite

USER, PASSWORD = "ann", "an owl at dusk"

_SIGN_IN = """<title>Sign in</title><form method="post" action="/login">
<label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>"""

_SHOP = """<title>Shop</title><h1>Welcome, ann</h1><form method="post" action="/order">
<label>Item <input name="item"></label>
<label>How many <select name="count"><option>1</option><option>2</option></select></label>
<button>Order</button></form><a href="/admin">Administration</a>"""


class ShopSite(LocalSite):
    """Adds ``/login``, ``/shop``, ``/order`` and ``/admin``, for whoever has signed in."""

    def render(self, request: Request) -> Any:
        """Answer with a page of the shop, or as LocalSite does."""
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        if request.path == b"/login":
            return self._sign_in(request)
        if request.path not in (b"/shop", b"/order", b"/admin"):
            return super().render(request)
        if request.getCookie(b"signed") != b"in":
            return _to(request, b"/login")
        if request.path == b"/order":
            item, count = (_field(request, name) for name in ("item", "count"))
            return f"<title>Ordered</title><h1>Thank you</h1><p>{count} of {item}</p>".encode()
        return _SHOP.encode() if request.path == b"/shop" else b"<title>Admin</title>the vault"

    def _sign_in(self, request: Request) -> bytes:
        if request.method != b"POST":
            return _SIGN_IN.encode()
        if (_field(request, "user"), _field(request, "password")) != (USER, PASSWORD):
            return b"<title>Sign in</title><p>Wrong user or password</p>"
        request.addCookie(b"signed", b"in", path=b"/")
        return _to(request, b"/shop")


def _field(request: Request, name: str) -> str:
    return str(request.args[name.encode()][0].decode())


def _to(request: Request, path: bytes) -> bytes:
    request.redirect(path)
    return b""


class Website:
    """The site as a test has it: started at once, gone after ``close``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.website"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def url(self, path: str) -> str:
        """The URL of *path* here."""
        return f"http://127.0.0.1:{self._port}{path}"

    def close(self) -> None:
        """End it."""
        self._process.communicate()


class _Until(Protocol):
    """Stops the reactor when the standard input ends."""

    def connectionLost(self, reason: Failure | None = None) -> None:
        the_reactor().stop()


def main() -> None:
    """Serve."""
    reactor = the_reactor()
    site = ShopSite(reactor)
    StandardIO(_Until())
    print(site.port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
