"""``car submit``: a proposal, run by the daemon with local commands as its tools."""

import argparse
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from car.cli.daemon import add_daemon_arguments, run_with_daemon
from car.cli.errors import OK, REFUSED, UsageError
from car.cli.processes import run_command
from car.cli.texts import counted, print_json, print_table, read_proposal, short
from car.client.client import SUBMIT_SECONDS, CarClient
from car.ir.proposal import ActionProposal
from car.ir.results import ActionResult, ProposalResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car submit``."""
    parser.add_argument("proposal", metavar="FILE", help="the proposal as JSON; - for stdin")
    parser.add_argument(
        "--tool",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="run COMMAND for the tool NAME: parameters as JSON on its stdin, its stdout is "
        "the output (JSON, else text); may be given several times",
    )
    parser.add_argument(
        "--timeout", type=float, default=SUBMIT_SECONDS, help="seconds to wait [%(default)g]"
    )
    add_daemon_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Register the tools, submit, print what became of each action."""
    proposal = read_proposal(options.proposal)
    tools = dict(read_tool(text) for text in options.tool)

    async def work(client: CarClient, reactor: Any) -> ProposalResult:
        for name, command in tools.items():
            tool = partial(run_command, reactor, command)
            await client.register_tool(tool, name=name, schema={}, description=command[0])
        return await client.submit(proposal, timeout=options.timeout)

    result = run_with_daemon(options.url, work)
    if options.json:
        print_json(result)
    else:
        print_result(proposal, result)
    return OK if all(action.succeeded for action in result.results) else REFUSED


def read_tool(text: str) -> tuple[str, list[str]]:
    """Name and command line of a ``NAME=COMMAND``, the program found; raises UsageError."""
    name, separator, line = text.partition("=")
    try:
        words = shlex.split(line)
    except ValueError as problem:
        raise UsageError(f"--tool {name}: the command cannot be read: {problem}") from None
    if not name or not separator or not words:
        raise UsageError(f"--tool must be NAME=COMMAND, not '{text}'")
    program = shutil.which(words[0])
    if program is None:
        raise UsageError(f"--tool {name}: there is no program '{words[0]}'")
    return name, [program, *words[1:]]


def print_result(proposal: ActionProposal, result: ProposalResult) -> None:
    """One line an action, then the cost."""
    tools = {action.id: action.tool_name or action.type for action in proposal.actions}
    rows = [
        (
            action.action_id,
            action.status,
            tools.get(action.action_id, ""),
            f"{action.duration_ms:.0f} ms",
            _outcome(action),
        )
        for action in result.results
    ]
    if rows:
        print_table(rows)
    print(", ".join(_summary(result)))


def _outcome(action: ActionResult) -> str:
    if isinstance(action.error, str):
        return action.error
    return short(action.output) if action.succeeded else ""


def _summary(result: ProposalResult) -> Iterator[str]:
    cost = result.cost
    yield counted(len(result.results), "action")
    for status, count in Counter(action.status for action in result.results).items():
        yield f"{count} {status}"
    yield counted(cost.tool_calls, "tool call")
    if cost.retries:
        yield counted(cost.retries, "repeated attempt")
    yield f"{cost.total_duration_ms:.0f} ms"
