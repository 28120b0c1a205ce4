"""``car call``: one request to the daemon."""

import argparse
from typing import Any

from car.cli.daemon import add_daemon_arguments, run_with_daemon
from car.cli.errors import OK
from car.cli.texts import print_json, print_value, read_text, read_value
from car.client.client import CALL_SECONDS, CarClient
from car.ir.json import JsonValue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car call``."""
    parser.add_argument("method", help="such as state.get or server.limits")
    parser.add_argument("params", nargs="?", help="its params as JSON; - reads them from stdin")
    parser.add_argument(
        "--timeout", type=float, default=CALL_SECONDS, help="seconds to wait [%(default)g]"
    )
    add_daemon_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send the request and print its result."""
    params = None
    if options.params is not None:
        text = read_text("-") if options.params == "-" else options.params
        params = read_value(text, "the JSON argument")

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        return await client.call(options.method, params, timeout=options.timeout)

    result = run_with_daemon(options.url, work)
    (print_json if options.json else print_value)(result)
    return OK
