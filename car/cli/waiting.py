"""Calls that may take minutes: they wait as long as it takes, and end with Ctrl-C."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from car.cli.errors import Interrupted
from car.ir.json import JsonValue


async def until_interrupted(asked: "Deferred[JsonValue]", reactor: Any) -> JsonValue:
    """The answer to a call; the daemon stops working on one whose connection goes.

    Raises Interrupted when *reactor* is stopped by a signal or *asked* is cancelled, and what
    the call fails with.
    """
    reactor.addSystemEventTrigger("before", "shutdown", asked.cancel)
    try:
        return await asked
    except CancelledError:
        raise Interrupted("interrupted") from None
