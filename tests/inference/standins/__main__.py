"""The stand-ins as a program: ``python -m tests.inference.standins``.

It writes the port that it listens on, on loopback, and serves until its input ends.
"""

import sys
from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - a program of its own
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure

from tests.inference.standins.site import StandIns


class _UntilEnd(Protocol):
    """Stops the reactor when the input ends."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        _reactor.stop()


def main() -> None:
    """Serve until the input ends."""
    site: Any = StandIns(_reactor).site
    port: Any = _reactor.listenTCP(0, site, interface="127.0.0.1")
    sys.stdout.write(f"{port.getHost().port}\n")
    sys.stdout.flush()
    StandardIO(_UntilEnd())
    _reactor.run()


main()
