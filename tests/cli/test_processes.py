"""Tests of car.cli.processes, with real processes."""

import sys
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.cli import processes
from car.cli.processes import run_command
from car.client.errors import ToolFailed

IGNORES_TERM = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.stdin.read()\n"
    "while True: print('x' * 100000, flush=True)"
)


class RunCommandTests(TestCase):
    """run_command: every way a command can end."""

    timeout = 30

    def python(self, program: str, **parameters: Any) -> Any:
        return run_command(the_reactor(), [sys.executable, "-c", program], **parameters)

    async def test_json(self) -> None:
        """Parameters come in as JSON, and what is printed as JSON goes out as such."""
        echo = "import sys; sys.stdout.write(sys.stdin.read())"
        self.assertEqual(await self.python(echo, x=[1, "é"]), {"x": [1, "é"]})

    async def test_text(self) -> None:
        """Other output is text without its last newline."""
        self.assertEqual(await self.python("print('one\\ntwo')"), "one\ntwo")

    async def test_not_reading(self) -> None:
        """A command that does not read its input is no failure."""
        self.assertEqual(await self.python("print(1)", big="x" * 1_000_000), 1)

    async def test_status(self) -> None:
        """Another status than 0 fails with the end of the standard error."""
        told = self.python("import sys; sys.stderr.write('a' * 9999 + ' end'); sys.exit(3)")
        problem = await self.assertFailure(told, ToolFailed)
        self.assertIn("exit status 3: aaa", str(problem))
        self.assertTrue(str(problem).endswith("a end"))
        self.assertLess(len(str(problem)), processes.STDERR_CHARACTERS + 200)

    async def test_signal(self) -> None:
        """A command that is killed says by which signal."""
        told = self.python("import os; os.kill(os.getpid(), 9)")
        problem = await self.assertFailure(told, ToolFailed)
        self.assertTrue(str(problem).endswith("signal 9"))

    async def test_too_much(self) -> None:
        """A command that prints without end is ended, with SIGKILL if need be."""
        self.patch(processes, "OUTPUT_BYTES", 200_000)
        self.patch(processes, "KILL_SECONDS", 0.01)
        problem = await self.assertFailure(self.python(IGNORES_TERM), ToolFailed)
        self.assertIn("more than 200000 bytes of output", str(problem))

    async def test_cancelled(self) -> None:
        """Cancelling fails at once and ends the process; nothing is left of it."""
        gone: Deferred[None] = Deferred()
        ended = processes._Command.processEnded

        def note(process: Any, reason: Failure) -> None:
            ended(process, reason)
            gone.callback(None)

        self.patch(processes._Command, "processEnded", note)
        running = self.python("import sys; sys.stdin.read(); import signal; signal.pause()")
        running.cancel()
        await self.assertFailure(running, CancelledError)
        await gone
