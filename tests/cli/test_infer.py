"""Tests of car infer: what is asked and printed, and a real daemon with models to ask."""

import io
import json
import os
import signal
import subprocess
import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.cli import infer
from car.cli.errors import CommandError
from car.cli.infer import AnswerPrinter, guarded
from car.client.errors import RpcError
from car.ir.json import JsonObject
from tests.cli.running import CHECKOUT, HEEDING, RUN_SECONDS, DaemonCase, Ended
from tests.cli.telling import Screen, ToldCase
from tests.inference.local.needed import GGUF, missing
from tests.inference.standins.script import GREETING, KEY

USAGE: JsonObject = {"input_tokens": 4, "output_tokens": 2}


def answer(text: str, **members: Any) -> JsonObject:
    """A result of ``infer_stream``."""
    rest = {"usage": USAGE, "stop_reason": "stop", "trace_id": "t-1-1", "model_used": "echo"}
    return {"text": text, "tool_calls": [], **rest, **members}


class Broken(io.StringIO):
    """An output that takes *letters* and then no more."""

    def __init__(self, letters: int, problem: Exception) -> None:
        super().__init__()
        self._letters = letters
        self._problem = problem

    def write(self, text: str) -> int:
        """Write, or raise the problem."""
        self._letters -= len(text)
        if self._letters < 0:
            raise self._problem
        return super().write(text)


class InferTests(ToldCase):
    """car infer against a daemon that says what it is told to."""

    module = infer

    def stream(self, *parts: str) -> None:
        """Have the daemon tell these parts of an answer."""
        for part in parts:
            event = {"type": "text", "data": part}
            self.client.told.append(("inference.stream.event", {"request_id": 3, "event": event}))

    def test_stream(self) -> None:
        """Parts are printed as they come and the line is ended; nothing else is said."""
        self.stream("Te", "al")
        self.client.told.append(
            ("inference.stream.event", {"event": {"type": "stop_reason", "data": "stop"}})
        )
        self.client.answers["infer_stream"] = answer("Teal")
        self.assertEqual(self.run_here("infer", "Name a colour"), (0, "Teal\n", ""))
        self.assertEqual(self.client.calls, [("infer_stream", {"prompt": "Name a colour"})])

    def test_ended_line(self) -> None:
        """An answer that ends its own line gets no second end; an empty one none."""
        self.stream("one\n\n")
        self.client.answers["infer_stream"] = answer("one\n\n")
        self.assertEqual(self.run_here("infer", "x").out, "one\n\n")
        self.client.told.clear()
        self.client.answers["infer_stream"] = answer("")
        self.assertEqual(self.run_here("infer", "x").out, "")

    def test_answer_without_stream(self) -> None:
        """Where no part came, the text of the result is printed."""
        self.client.answers["infer_stream"] = answer("whole")
        self.assertEqual(self.run_here("infer", "x").out, "whole\n")

    def test_options(self) -> None:
        """What is asked for is sent, what is not is left to the daemon."""
        self.client.answers["infer"] = answer("x")
        words = ["--model", "m", "--system", "s", "--context-query", "q"]
        words += ["--max-tokens", "5", "--temperature", "0", "--no-stream"]
        self.assertEqual(self.run_here("infer", "p", *words), (0, "x\n", ""))
        asked = {"prompt": "p", "model": "m", "system": "s", "context_query": "q"}
        params = {"max_tokens": 5, "temperature": 0.0}
        self.assertEqual(self.client.calls, [("infer", {**asked, "params": params})])

    def test_stdin(self) -> None:
        """- reads the prompt from the standard input."""
        self.client.answers["infer_stream"] = answer("x")
        self.patch(sys, "stdin", io.StringIO("from a pipe\n"))
        self.run_here("infer", "-")
        self.assertEqual(self.client.calls[0][1], {"prompt": "from a pipe\n"})

    def test_usage(self) -> None:
        """An empty prompt and impossible numbers are usage; nobody is asked."""
        self.assertRefused(self.run_here("infer", " "), 2, "prompt")
        self.assertRefused(self.run_here("infer", "x", "--max-tokens", "0"), 2, "at least 1")
        self.assertRefused(self.run_here("infer", "x", "--temperature", "-1"), 2, "0 or more")
        self.assertRefused(self.run_here("infer", "x", "--temperature", "nan"), 2, "0 or more")
        self.assertEqual(self.client.calls, [])

    def test_json(self) -> None:
        """--json prints the result of infer on one line."""
        self.client.answers["infer"] = answer("x", latency_ms=3)
        ended = self.run_here("infer", "p", "--json")
        self.assertEqual(json.loads(ended.out), answer("x", latency_ms=3))
        self.assertEqual(ended.out.count("\n"), 1)

    def test_verbose(self) -> None:
        """--verbose tells model, tokens and end on the standard error."""
        self.client.answers["infer_stream"] = answer("x")
        told = "echo; 4 tokens in, 2 out; ended by stop; trace t-1-1\n"
        self.assertEqual(self.run_here("infer", "p", "--verbose"), (0, "x\n", told))
        self.client.answers["infer_stream"] = answer("x", usage=None, stop_reason=None)
        self.assertEqual(self.run_here("infer", "p", "--verbose").err, "echo; trace t-1-1\n")

    def test_failure(self) -> None:
        """What fails after a part leaves the part on a line of its own; status 1."""
        self.stream("Te")
        self.client.answers["infer_stream"] = RpcError(-32603, "the provider has gone")
        ended = self.run_here("infer", "p")
        self.assertEqual(ended.out, "Te\n")
        self.assertRefused(ended, 1, "the provider has gone")

    def test_interrupted(self) -> None:
        """Ctrl-C gives the answer up and ends the line; status 130."""
        self.stream("Te")
        ended = self.run_here("infer", "p")
        self.assertEqual(ended, (130, "Te\n", "car: interrupted\n"))

    def test_full_disk(self) -> None:
        """An answer that cannot be written is given up, with the reason."""
        self.stream("Te", "al")
        self.run_broken(OSError(28, "No space left on device"), CommandError)

    def test_closed_pipe(self) -> None:
        """A reader that has enough is no failure of ours to tell of."""
        self.stream("Te", "al")
        self.run_broken(BrokenPipeError(), BrokenPipeError)

    def run_broken(self, problem: Exception, expected: type[Exception]) -> None:
        """Print on an output that takes two letters, then raises *problem*."""
        out = Broken(2, problem)
        with self.assertRaises(expected), AnswerPrinter(out) as printer:
            infer.stream_answer(None, {"prompt": "p"}, printer)
        self.assertEqual(out.getvalue(), "Te")


class AnswerPrinterTests(SynchronousTestCase):
    """What becomes of an answer on its way out."""

    def test_terminal(self) -> None:
        """A terminal gets no control characters but tabs and ends of lines."""
        screen, file = Screen(), io.StringIO()
        for out in (screen, file):
            with AnswerPrinter(out) as printer:
                printer.write("a\tb\n\x1b[2J")
        self.assertEqual(screen.getvalue(), "a\tb\n\\u{1b}[2J\n")
        self.assertEqual(file.getvalue(), "a\tb\n\x1b[2J\n")

    def test_joiners(self) -> None:
        """Emoji of several characters and scripts with joiners stay whole."""
        for text in ("👩\u200d🚀", "می\u200cخواهم"):
            self.assertEqual(guarded(text), text)
        self.assertEqual(guarded("\u202e"), "\\u{202e}")

    def test_encoding(self) -> None:
        """Text that the output cannot spell is told as an error, not raised as it is."""
        out = io.TextIOWrapper(io.BytesIO(), "ascii")
        with self.assertRaisesRegex(CommandError, "ascii"), AnswerPrinter(out) as printer:
            printer.write("Zürich")


class StandInTests(DaemonCase):
    """A real daemon, and a provider that stands in for a real one."""

    def setUp(self) -> None:
        super().setUp()
        provider = subprocess.Popen(
            [sys.executable, "-m", "tests.inference.standins"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(provider.communicate, timeout=RUN_SECONDS)
        assert provider.stdout is not None
        self.port = provider.stdout.readline().strip()
        env = self.root / "env"
        env.write_text(f"LAB_KEY={KEY}\n")
        env.chmod(0o600)

    def register(self, name: str) -> None:
        """Make a model of the provider known as *name*."""
        source = {"type": "remote_api", "endpoint": f"http://127.0.0.1:{self.port}/v1"}
        schema = {"id": f"lab/{name}", "name": name, "capabilities": ["generate"]}
        model = {**schema, "source": {**source, "api_key_env": "LAB_KEY"}}
        ended = self.run_child("models", "register", "-", stdin=json.dumps(model))
        self.assertEqual(ended.status, 0, ended)

    def ask(self, *words: str, stdin: str = "", model: str = "echo") -> Ended:
        """Run car infer with that model."""
        return self.run_child("infer", *words, "--model", model, stdin=stdin)

    def test_answers(self) -> None:
        """Streamed and whole, refused and broken off, and a model that nobody knows."""
        self.register("echo")
        text = "".join(GREETING) + "\n"
        ended = self.ask("Greet me", "--verbose")
        self.assertEqual((ended.status, ended.out), (0, text), ended)
        self.assertIn("echo; 12 tokens in, 34 out; ended by stop", ended.err)
        self.assertEqual(self.ask("-", "--no-stream", stdin="Greet me"), (0, text, ""))
        whole = json.loads(self.ask("Greet me", "--json").out)
        self.assertEqual((whole["text"] + "\n", whole["model_used"]), (text, "echo"))
        self.register("echo+drop")
        ended = self.ask("Greet me", model="echo+drop")
        self.assertRefused(ended, 1, "127.0.0.1")
        self.assertEqual((ended.out[-1:], text.startswith(ended.out.strip())), ("\n", True))
        self.assertRefused(self.ask("x", model="ecko"), 1, "model not found: ecko", "lab/echo")

    def test_interrupt(self) -> None:
        """Ctrl-C ends the command with 130 and the call with it."""
        self.register("echo+pause")
        asking = subprocess.Popen(
            [sys.executable, "-c", HEEDING, "infer", "Greet me", "--model", "echo+pause"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asking.stdout is not None
        begun = os.read(asking.stdout.fileno(), 1)
        asking.send_signal(signal.SIGINT)
        out, err = asking.communicate(timeout=RUN_SECONDS)
        self.assertEqual((asking.returncode, err), (130, b"car: interrupted\n"))
        self.assertTrue((begun + out).endswith(b"\n"))


class PackagedModelTests(DaemonCase):
    """A real daemon and a real model."""

    skip = missing(*GGUF)

    def test_tokens(self) -> None:
        """The packaged model says something, offline."""
        model = "smollm2-135m-instruct"
        ended = self.run_child("infer", "Hello!", "--model", model, "--max-tokens", "6")
        self.assertEqual((ended.status, ended.err), (0, ""), ended)
        self.assertGreater(len(ended.out.strip()), 3)
