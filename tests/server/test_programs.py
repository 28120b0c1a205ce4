"""Tests of car.server.programs."""

import os

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from car.server import programs
from car.server.programs import Ended, ProgramError, run_program
from tests.processes import SpawningClock


class ProgramTests(SynchronousTestCase):
    """run_program: its endings, its bounds, what the program gets."""

    def setUp(self) -> None:
        self.reactor = SpawningClock()
        self.called = run_program(self.reactor, ["/bin/true", "-x"], 5.0)
        self.process = self.reactor.processes[0]

    def test_ended(self) -> None:
        """Exit code, output and errors, whatever the code."""
        self.assertNoResult(self.called)
        self.process.end(b"out", b"err", status=3)
        self.assertEqual(self.successResultOf(self.called), Ended(3, b"out", b"err"))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_timeout(self) -> None:
        """A program that takes too long is killed; its end is then no news."""
        self.reactor.advance(5)
        failure = self.failureResultOf(self.called, ProgramError)
        self.assertEqual(str(failure.value), "true took longer than 5 s")
        self.assertEqual(self.process.signals, ["KILL"])
        self.process.end(b"late", status=9)

    def test_cancelled(self) -> None:
        """Cancelling kills the program."""
        self.called.cancel()
        self.failureResultOf(self.called, CancelledError)
        self.assertEqual(self.process.signals, ["KILL"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_already_over(self) -> None:
        """A program that ended but whose output is held open is given up without a kill."""
        self.process.ended = True
        self.reactor.advance(5)
        self.failureResultOf(self.called, ProgramError)

    def test_too_much(self) -> None:
        """A program that writes too much is killed."""
        self.patch(programs, "MAX_OUTPUT_BYTES", 10)
        self.process.protocol.childDataReceived(2, b"x" * 10)
        self.assertNoResult(self.called)
        self.process.protocol.childDataReceived(2, b"x")
        failure = self.failureResultOf(self.called, ProgramError)
        self.assertIn("true wrote more than 10 bytes", str(failure.value))
        self.assertEqual(self.process.signals, ["KILL"])
        self.process.end(b"late", status=9)

    def test_not_started(self) -> None:
        """A program that cannot be started."""
        self.reactor.refusal = OSError(11, "Resource temporarily unavailable")
        failure = self.failureResultOf(run_program(self.reactor, ["/bin/x"], 5.0), ProgramError)
        self.assertIn("x cannot be started: Resource", str(failure.value))

    def test_environment(self) -> None:
        """A program gets the path and the desktop, and none of the daemon's secrets."""
        self.patch(os, "environ", {"PATH": "/bin", "DISPLAY": ":0", "CAR_AUTH_TOKEN": "secret"})
        run_program(self.reactor, ["/bin/true"], 5.0)
        self.assertEqual(self.reactor.processes[1].environment, {"PATH": "/bin", "DISPLAY": ":0"})
        self.assertTrue(self.process.input_closed)
