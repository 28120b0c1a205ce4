"""``car doctor``: the first answer to "it does not work"."""

import argparse
from collections.abc import Iterator
from typing import Any

from car.cli.checks import Finding, check_all
from car.cli.config import add_settings_arguments, load_settings
from car.cli.daemon import run_with_daemon
from car.cli.errors import OK, REFUSED, CommandError, Interrupted, Unreachable
from car.cli.texts import counted, print_json
from car.client.client import CarClient
from car.errors import SettingsError
from car.eventlog.rendering import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car doctor``."""
    add_settings_arguments(parser)
    parser.add_argument(
        "--url", help="where the daemon is [CAR_DAEMON_URL, else ws://127.0.0.1:9100]"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON a finding")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 if one of them is a failure."""
    counts = {"ok": 0, "warn": 0, "fail": 0}
    for finding in diagnose(options):
        counts[finding.level] += 1
        if options.json:
            print_json(finding)
        else:
            fix = f" -> {finding.fix}" if finding.fix else ""
            print(printable(f"{finding.level:4}  {finding.what}{fix}"), flush=True)
    if not options.json:
        print(f"{counted(counts['fail'], 'failure')}, {counted(counts['warn'], 'warning')}")
    return REFUSED if counts["fail"] else OK


def diagnose(options: argparse.Namespace) -> Iterator[Finding]:
    """All findings: of the settings, of this machine, of the daemon."""
    try:
        settings = load_settings(options)
    except SettingsError as problem:
        yield Finding("fail", str(problem), "mend the setting; the daemon would not start")
    else:
        yield from check_all(settings)
    yield ask_daemon(options.url)


def ask_daemon(url: str | None) -> Finding:
    """Whether a daemon answers, and lets us in."""

    async def work(client: CarClient, reactor: Any) -> str:
        return f"the daemon at {client.url} answers: version {client.server_version}"

    try:
        return Finding("ok", run_with_daemon(url, work))
    except Interrupted:
        raise
    except Unreachable as problem:
        return Finding("warn", str(problem))
    except CommandError as problem:
        return Finding("fail", f"the daemon does not let us in: {problem}", _LET_IN)


_LET_IN = "use the environment of the daemon, above all its CAR_HOME, or CAR_AUTH_TOKEN"
