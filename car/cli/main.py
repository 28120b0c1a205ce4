"""The ``car`` console script: finds the command, runs it, turns failures into exit statuses.

Commands are modules with ``add_arguments(parser)``, which sets ``run``: from the parsed
options to an exit status.  Only the command that was asked for is imported, as most of the
time of a short command is its imports: Twisted comes only with commands that need it.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from car import __version__
from car.cli.errors import INTERRUPTED, OK, REFUSED, USAGE, CommandError
from car.errors import CarError

COMMANDS = {
    "call": "send one request to the daemon and print its result",
    "submit": "have a proposal run, with local commands as its tools",
    "verify": "analyse a proposal without running it",
    "infer": "ask a model and print its answer as it comes",
    "models": "list, choose, pull and register models",
    "memory": "add to a memory, ask it, move it, draw it",
    "meeting": "list the meetings that were held, show what was said",
    "voice": "have a recording written down",
    "browse": "run a script in a browser and print its steps",
    "journal": "read, check or follow a session's journal",
    "doctor": "look for what is wrong with this installation",
    "config": "show or check the daemon's settings",
}
"""Each command's help; its module is the one of its name in this package."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command of *argv* (the process's own by default); answer its exit status.

    Raises SystemExit, as argparse does, for ``--help``, ``--version`` and wrong usage.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    options = make_parser(words).parse_args(words)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except CarError as problem:
        print(f"car: {problem}", file=sys.stderr)
        return problem.status if isinstance(problem, CommandError) else REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return status


def make_parser(words: Sequence[str]) -> Parser:
    """The parser for *words*: every command by name, the arguments of the one they name."""
    parser = Parser(prog="car", description="The open Common Agent Runtime.")
    parser.add_argument("--version", action="version", version=f"car {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == asked:
            importlib.import_module(f"car.cli.{name}").add_arguments(command)
    return parser
