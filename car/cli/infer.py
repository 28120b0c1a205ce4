"""``car infer``: a prompt for a model, and its answer as it comes.

Which model answers is the daemon's choice unless one is named; what it may know of a memory is
the daemon's to find.
"""

import argparse
import re
import sys
from typing import Any, TextIO

from car.cli.daemon import add_daemon_arguments, given, run_with_daemon
from car.cli.errors import OK, CommandError, UsageError
from car.cli.texts import print_json, read_text
from car.client.client import CarClient
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue

_HARMLESS = re.compile("([\n\t\u200c\u200d]+)")
"""What a terminal gets as it is beside printable text: ends of lines, tabs, and the joiners that
some scripts and emoji are written with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car infer``."""
    parser.add_argument("prompt", help="what to ask; - reads it from stdin")
    parser.add_argument("--model", metavar="ID", help="this one and no other: id or name")
    parser.add_argument("--system", metavar="TEXT", help="what the model is told beforehand")
    parser.add_argument(
        "--context-query",
        metavar="TEXT",
        help="give the model what the daemon's memory has on this; CAR_MEMORY_NAMESPACE names one",
    )
    parser.add_argument("--max-tokens", type=int, metavar="N", help="longest answer")
    parser.add_argument("--temperature", type=float, metavar="T", help="0 for the likeliest words")
    parser.add_argument(
        "--no-stream", action="store_true", help="print the answer once it is there as a whole"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="tell model and tokens on the standard error"
    )
    add_daemon_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask, and print the answer."""
    params = read_params(options)
    if options.json:
        answer = whole_answer(options.url, params)
        print_json(answer)
    else:
        with AnswerPrinter(sys.stdout) as printer:
            if options.no_stream:
                answer = whole_answer(options.url, params)
                printer.write(answer["text"])
            else:
                answer = stream_answer(options.url, params, printer)
    if options.verbose:
        print(summary(answer), file=sys.stderr)
    return OK


def read_params(options: argparse.Namespace) -> JsonObject:
    """The params of ``infer`` that *options* ask for; raises UsageError."""
    prompt = read_text("-") if options.prompt == "-" else options.prompt
    if not prompt.strip():
        raise UsageError("the prompt must not be empty")
    if options.max_tokens is not None and options.max_tokens < 1:
        raise UsageError(f"--max-tokens must be at least 1, not {options.max_tokens}")
    if options.temperature is not None and not options.temperature >= 0:
        raise UsageError(f"--temperature must be 0 or more, not {options.temperature:g}")
    params = given(max_tokens=options.max_tokens, temperature=options.temperature)
    return given(
        prompt=prompt,
        model=options.model,
        system=options.system,
        context_query=options.context_query,
        params=params or None,
    )


def whole_answer(url: str | None, params: JsonObject) -> JsonObject:
    """The result of ``infer``, however long it takes."""

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        return await client.call("infer", params, timeout=None)

    answer: JsonObject = run_with_daemon(url, work)
    return answer


def stream_answer(url: str | None, params: JsonObject, printer: "AnswerPrinter") -> JsonObject:
    """The result of ``infer_stream``, its text printed as it comes.

    An answer that cannot be printed is given up.
    """

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        def take(told: JsonValue) -> None:
            match told:
                case {"event": {"type": "text", "data": str(text)}}:
                    printer.write(text)
            if printer.problem is not None:
                asked.cancel()

        client.on("inference.stream.event", take)
        asked = client.call("infer_stream", params, timeout=None)
        return await asked

    answer: JsonObject = run_with_daemon(url, work)
    if not printer.begun:  # a runner of the host's may answer without a stream
        printer.write(answer["text"])
    return answer


class AnswerPrinter:
    """Prints the parts of an answer on *out*, at once, and in the end ends the line.

    A file or a pipe gets them as the model made them; a terminal gets nothing that could steer
    it.  ``problem`` is why *out* takes no more, None while it does.  The context that it is
    raises BrokenPipeError where nobody reads any more, CommandError for other problems, rather
    than what came of that.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._guarded = out.isatty()
        self._last = ""
        self.problem: OSError | UnicodeEncodeError | None = None

    def __enter__(self) -> "AnswerPrinter":
        return self

    def __exit__(self, *_: object) -> None:
        if self.begun and self._last != "\n":
            self.write("\n")
        if isinstance(self.problem, BrokenPipeError):
            raise self.problem
        if self.problem is not None:
            raise CommandError(f"the answer cannot be written: {self.problem}")

    @property
    def begun(self) -> bool:
        """Whether anything was printed."""
        return bool(self._last)

    def write(self, text: str) -> None:
        """Print *text*, unless there is a ``problem``."""
        if not text or self.problem is not None:
            return
        self._last = text[-1]
        try:
            self._out.write(guarded(text) if self._guarded else text)
            self._out.flush()
        except (OSError, UnicodeEncodeError) as problem:
            self.problem = problem


def guarded(text: str) -> str:
    """*text* of several lines with everything that could steer a terminal escaped."""
    parts = _HARMLESS.split(text)
    return "".join(part if number % 2 else printable(part) for number, part in enumerate(parts))


def summary(answer: JsonObject) -> str:
    """Who answered, with how many tokens, and why the answer ended."""
    usage = answer["usage"]
    told = [str(answer["model_used"])]
    if usage is not None:
        told.append(f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out")
    if answer["stop_reason"] is not None:
        told.append(f"ended by {answer['stop_reason']}")
    told.append(f"trace {answer['trace_id']}")
    return printable("; ".join(told))
