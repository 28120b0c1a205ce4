"""``car verify``: what is wrong with a proposal, said before anything runs."""

import argparse
from typing import Any

from car.cli.errors import OK, REFUSED, UsageError
from car.cli.texts import counted, print_json, print_table, read_object, read_proposal
from car.verify.analysis import DEFAULT_MAX_ACTIONS, verify
from car.verify.report import VerifyReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car verify``."""
    parser.add_argument("proposal", metavar="FILE", help="the proposal as JSON; - for stdin")
    parser.add_argument(
        "--tools", metavar="A,B", help="the tools there are; without, no tool is checked"
    )
    parser.add_argument("--state", metavar="FILE", help="the state to begin with, a JSON object")
    parser.add_argument(
        "--max-actions",
        type=int,
        default=DEFAULT_MAX_ACTIONS,
        metavar="N",
        help="actions beyond which a warning is due [%(default)s]",
    )
    parser.add_argument("--daemon", action="store_true", help="ask the daemon")
    parser.add_argument("--url", help="where the daemon is; only with --daemon")
    parser.add_argument("--json", action="store_true", help="one line of JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify and print the report; 1 unless the proposal is valid."""
    if options.url is not None and not options.daemon:
        raise UsageError("--url needs --daemon: without, no daemon is asked")
    proposal = read_proposal(options.proposal)
    state = None if options.state is None else read_object(options.state)
    tools = None if options.tools is None else [t for t in options.tools.split(",") if t]
    if not options.daemon:
        return show(verify(proposal, state, tools, options.max_actions), options.json)
    # Only here: these import Twisted, which takes longer than the rest of the command.
    from car.cli.daemon import run_with_daemon
    from car.client.client import CarClient

    async def work(client: CarClient, reactor: Any) -> VerifyReport:
        return await client.verify(
            proposal, state=state, tools=tools, max_actions=options.max_actions
        )

    return show(run_with_daemon(options.url, work), options.json)


def show(report: VerifyReport, as_json: bool) -> int:
    """Print a report; the exit status that it means."""
    if as_json:
        print_json(report)
    else:
        print("valid" if report.valid else "not valid")
        if report.issues:
            print_table([(i.severity, i.action_id, i.message) for i in report.issues])
        if report.execution_levels:
            levels = " -> ".join(", ".join(level) for level in report.execution_levels)
            print_table([("order", levels)])
        unchecked = [check.name for check in report.evidence.checks if not check.ran]
        if unchecked:
            print(f"not checked: {', '.join(unchecked)}")
        errors, warnings = report.count("error"), report.count("warning")
        print(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return OK if report.valid else REFUSED
