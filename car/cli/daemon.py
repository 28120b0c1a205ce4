"""Running a command against the daemon: a reactor for as long as the command takes."""

import argparse
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import react

from car.cli.errors import CommandError, Interrupted, Unreachable, UsageError
from car.client.client import CarClient, connect
from car.client.errors import Disconnected, RpcError
from car.client.finding import find_url
from car.errors import CarError
from car.ir.json import JsonObject
from car.wsclient.errors import CannotConnect
from car.wsclient.urls import read_url

_T = TypeVar("_T")

Work = Callable[[CarClient, Any], Awaitable[_T]]
"""Takes a connected client and the reactor."""


def add_daemon_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command that talks to the daemon takes."""
    parser.add_argument(
        "--url", help="where the daemon is [CAR_DAEMON_URL, else ws://127.0.0.1:9100]"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON, for programs")


def given(**params: Any) -> JsonObject:
    """The *params* of a call, without those that are None: the daemon has its own defaults."""
    return {name: value for name, value in params.items() if value is not None}


def run_with_daemon(url: str | None, work: Work[_T]) -> _T:
    """Connect, do the *work*, close; what the work answered.

    Printing is for afterwards, when no reactor runs.  A signal such as Ctrl-C cancels the work,
    however long it waits for an answer, and closes the connection, at which the daemon gives up
    what it does for it.  Raises UsageError for a *url* that is none, Unreachable without a
    daemon, CommandError for what it refuses, and Interrupted, also for work that gives up.
    """
    target = url or find_url(os.environ)
    try:
        read_url(target)
    except CannotConnect as problem:
        raise UsageError(str(problem)) from None
    answers: list[_T] = []
    problems: list[CarError] = []

    async def run(reactor: Any) -> None:
        working = Deferred.fromCoroutine(_with_client(target, work, reactor))
        reactor.addSystemEventTrigger("before", "shutdown", working.cancel)
        try:
            answers.append(await working)
        except CancelledError:
            return
        except CarError as problem:
            problems.append(problem)

    with contextlib.suppress(SystemExit):  # how react always ends
        react(lambda reactor: Deferred.fromCoroutine(run(reactor)))
    if problems:
        raise _explained(problems[0]) from None
    if not answers:
        raise Interrupted("interrupted")
    return answers[0]


async def _with_client(url: str, work: Work[_T], reactor: Any) -> _T:
    client = await connect(url, reactor=reactor)
    try:
        return await work(client, reactor)
    finally:
        await client.close()


def _explained(problem: CarError) -> CommandError:
    """A failure of the client with exit status and remedy."""
    match problem:
        case CommandError():
            return problem
        case CannotConnect():
            return Unreachable(
                f"{problem} Start a daemon with 'twistd -n car', or name one in CAR_DAEMON_URL."
            )
        case Disconnected():
            return Unreachable(f"the daemon went away: {problem}")
        case RpcError(code=code):
            return CommandError(f"{problem} ({code})")
    return CommandError(str(problem))
