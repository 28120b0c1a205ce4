"""Tests of car.worker.process, with processes that are fakes."""

import os
import tempfile
from pathlib import Path

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import (
    InferenceError,
    MissingComponent,
    NoModel,
    UnsupportedMode,
)
from car.ir.json import JsonObject, JsonValue
from car.worker.errors import CallTimeout, WorkerFailed
from car.worker.frames import MAX_FRAME_BYTES, FrameError
from car.worker.process import (
    HOLD_SECONDS,
    IDLE_SECONDS,
    LET_GO_SECONDS,
    WorkerProcess,
)
from tests.processes import FakeProcess, SpawningClock


class WorkerTestCase(SynchronousTestCase):
    """A worker of the kind "gguf"."""

    def setUp(self) -> None:
        directory = self.mktemp()
        os.mkdir(directory)
        self.patch(tempfile, "tempdir", directory)
        self.clock = SpawningClock()
        self.worker = WorkerProcess(
            self.clock,
            "gguf",
            "some.backends",
            self.options,
            (InferenceError, UnsupportedMode, MissingComponent),
        )
        self.problem: InferenceError | None = None

    def options(self) -> JsonObject:
        """What is to be loaded."""
        if self.problem is not None:
            raise self.problem
        return {"backend": "gguf"}

    @property
    def process(self) -> FakeProcess:
        """The last process."""
        return self.clock.processes[-1]

    def assert_quiet(self) -> None:
        """Nothing is left that would happen later."""
        self.assertEqual(self.clock.getDelayedCalls(), [])


class CallTests(WorkerTestCase):
    """WorkerProcess.call: answers, errors, deadlines, cancelling."""

    def test_lazy_start(self) -> None:
        """The first call starts the process, which gets what to load and then the call."""
        self.assertEqual(self.clock.processes, [])
        self.assertIsNone(self.worker.pid)
        called = self.worker.call("chat", {"body": {}})
        opening, call = self.process.received
        self.assertEqual(opening["open"], {"backend": "gguf"})
        self.assertEqual(Path(opening["directory"]).stat().st_mode & 0o777, 0o700)
        self.assertEqual(call, {"id": 1, "op": "chat", "arguments": {"body": {}}})
        self.assertEqual(self.worker.pid, self.process.pid)
        self.process.say({"opened": True})
        self.assertTrue(self.worker.busy)
        self.process.say({"id": 1, "result": {"n": 1}})
        self.assertEqual(self.successResultOf(called), {"n": 1})
        self.assertFalse(self.worker.busy)
        self.worker.call("chat", {})
        self.assertEqual(len(self.clock.processes), 1)

    def test_no_secrets(self) -> None:
        """Neither the arguments nor the environment of the process hold the daemon's keys."""
        self.patch(os, "environ", {"PATH": "/bin", "OPENAI_API_KEY": "sk-1"})
        self.worker.call("chat", {"body": "sk-2"})
        told = repr(self.process.arguments) + repr(self.process.environment)
        self.assertNotIn("sk-", told)
        self.assertEqual(self.process.environment["PATH"], "/bin")

    def test_parts(self) -> None:
        """Parts go to whoever asked for them, in order; two calls do not mix."""
        heard: list[JsonValue] = []
        self.worker.call("chat", {}, heard.append)
        self.worker.call("chat", {})
        for number, part in ((1, "a"), (2, "b"), (1, "c"), (7, "d")):
            self.process.say({"id": number, "part": part})
        self.assertEqual(heard, ["a", "c"])

    def test_errors(self) -> None:
        """An error keeps its kind where that means something, and its words."""
        for number, (name, kind) in enumerate(
            {"UnsupportedMode": UnsupportedMode, "MissingComponent": MissingComponent}.items(), 1
        ):
            called = self.worker.call("chat", {})
            self.process.say({"id": number, "error": {"type": name, "message": "no"}})
            self.assertEqual(str(self.failureResultOf(called, kind).value), "no")
        called = self.worker.call("chat", {})
        self.process.say({"id": 3, "error": {"type": "Exception", "message": "no"}})
        self.assertIs(self.failureResultOf(called).type, InferenceError)

    def test_deadline(self) -> None:
        """A call that takes too long fails, and the worker is told to stop it."""
        called = self.worker.call("chat", {}, seconds=5)
        self.clock.advance(4.9)
        self.assertNoResult(called)
        self.clock.advance(0.1)
        failure = self.failureResultOf(called, CallTimeout)
        self.assertEqual(str(failure.value), "gguf worker took longer than 5 s")
        self.assertEqual(self.process.received[-1], {"cancel": 1})

    def test_cancel(self) -> None:
        """A cancelled call fails at once; what the worker still says of it is dropped."""
        heard: list[JsonValue] = []
        called = self.worker.call("chat", {}, heard.append)
        self.process.say({"opened": True})
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertEqual(self.process.received[-1], {"cancel": 1})
        self.process.say({"id": 1, "part": "late"})
        self.process.say({"id": 1, "result": None})
        self.assertEqual(heard, [])
        self.clock.advance(LET_GO_SECONDS)
        self.assertEqual(self.process.signals, [])

    def test_no_letting_go(self) -> None:
        """A worker that does not let go of a cancelled call is killed."""
        first = self.worker.call("chat", {})
        second = self.worker.call("chat", {})
        self.process.say({"opened": True})
        first.addErrback(lambda _: None).cancel()
        self.clock.advance(LET_GO_SECONDS)
        self.assertEqual(self.process.signals, ["KILL"])
        self.process.end(signal=9)
        self.failureResultOf(second, WorkerFailed)
        self.assert_quiet()

    def test_cancel_while_loading(self) -> None:
        """A call that is cancelled while the model loads does not hurt one that waits too."""
        first = self.worker.call("chat", {})
        second = self.worker.call("chat", {})
        first.addErrback(lambda _: None).cancel()
        self.clock.advance(LET_GO_SECONDS)
        self.assertEqual(self.process.signals, [])
        self.process.say({"opened": True})
        self.process.say({"id": 1, "result": None})
        self.process.say({"id": 2, "result": 1})
        self.assertEqual(self.successResultOf(second), 1)

    def test_options_fail(self) -> None:
        """What cannot be loaded fails the call; no process is started."""
        self.problem = NoModel("no file")
        self.failureResultOf(self.worker.call("chat", {}), NoModel)
        self.assertEqual(self.clock.processes, [])
        self.assert_quiet()

    def test_too_long(self) -> None:
        """A call that is too long for a frame fails, and is forgotten."""
        called = self.worker.call("chat", {"body": "x" * MAX_FRAME_BYTES})
        self.failureResultOf(called, FrameError)
        self.assertFalse(self.worker.busy)
        self.assertEqual(self.clock.processes, [])

    def test_no_process(self) -> None:
        """A process that cannot be started fails the call."""
        self.clock.refusal = OSError(11, "Resource temporarily unavailable")
        failure = self.failureResultOf(self.worker.call("chat", {}), WorkerFailed)
        self.assertEqual(
            str(failure.value), "gguf worker cannot be started: Resource temporarily unavailable"
        )
        self.assert_quiet()


class EndTests(WorkerTestCase):
    """The end of a process: asked for and not."""

    def begin(self) -> FakeProcess:
        """Start a process by a call; its failure is expected."""
        self.worker.call("chat", {}).addErrback(lambda _: None)
        return self.process

    def test_exit(self) -> None:
        """An exit fails every call that waits, and the next call starts another process."""
        calls = [self.worker.call("chat", {}) for _ in range(2)]
        directory = Path(self.process.received[0]["directory"])
        self.process.end(signal=9)
        for called in calls:
            failure = self.failureResultOf(called, WorkerFailed)
            self.assertEqual(str(failure.value), "gguf worker exited (signal 9)")
        self.assertFalse(directory.exists())
        self.assert_quiet()
        again = self.worker.call("chat", {})
        self.process.say({"id": 3, "result": 1})
        self.assertEqual(self.successResultOf(again), 1)
        self.assertEqual(len(self.clock.processes), 2)

    def test_exit_status(self) -> None:
        """An exit by itself is told with its status and the last that it complained of."""
        called = self.worker.call("chat", {})
        self.process.protocol.childDataReceived(2, b"Traceback\nValueError: no\n")
        self.process.end(status=1)
        failure = self.failureResultOf(called, WorkerFailed)
        self.assertEqual(str(failure.value), "gguf worker exited (status 1: ValueError: no)")

    def test_held_off(self) -> None:
        """Three exits in a minute hold the worker off for one; then it is tried again."""
        for _ in range(3):
            self.begin().end(signal=11)
            self.clock.advance(10)
        failure = self.failureResultOf(self.worker.call("chat", {}), WorkerFailed)
        self.assertEqual(
            str(failure.value),
            "gguf worker is held off for 50 s, as it ended 3 times within 60 s",
        )
        self.assertEqual(len(self.clock.processes), 3)
        self.clock.advance(HOLD_SECONDS - 10)
        self.begin()
        self.assertEqual(len(self.clock.processes), 4)

    def test_rare_exits(self) -> None:
        """Exits that lie further apart hold nothing off."""
        for _ in range(4):
            self.begin().end(signal=11)
            self.clock.advance(31)
        self.assertEqual(len(self.clock.processes), 4)

    def test_load_failure(self) -> None:
        """A model that cannot be loaded fails all that wait, and is no exit of the worker."""
        for _ in range(5):
            calls = [self.worker.call("chat", {}) for _ in range(2)]
            self.process.say({"failed": {"type": "InferenceError", "message": "bad file"}})
            for called in calls:
                failure = self.failureResultOf(called, InferenceError)
                self.assertEqual(str(failure.value), "bad file")
            self.assertEqual(self.process.signals, ["KILL"])
            self.process.end(status=0)
        self.assert_quiet()

    def test_idle(self) -> None:
        """Ten minutes after its last answer the worker is stopped; a call in between counts."""
        for number in (1, 2):
            self.worker.call("chat", {}, seconds=9_999)
            self.process.say({"id": number, "result": 1})
            self.clock.advance(IDLE_SECONDS - 1)
            self.assertEqual(self.process.signals, [])
        self.clock.advance(1)
        self.assertEqual(self.process.signals, ["KILL"])
        self.assertIsNone(self.worker.pid)
        self.process.end(signal=9)
        self.assert_quiet()

    def test_call_while_ending(self) -> None:
        """A call that comes while the old process ends gets a new one, which stays."""
        self.worker.call("chat", {})
        self.process.say({"id": 1, "result": 1})
        old = self.process
        self.worker.retire()
        called = self.worker.call("chat", {})
        old.say({"id": 2, "result": "old"})
        old.end(signal=9)
        self.assertNoResult(called)
        self.process.say({"id": 2, "result": "new"})
        self.assertEqual(self.successResultOf(called), "new")

    def test_retire_busy(self) -> None:
        """A worker that somebody waits for is not retired."""
        self.worker.call("chat", {})
        self.worker.retire()
        self.assertEqual(self.process.signals, [])

    def test_nonsense(self) -> None:
        """A process that speaks nonsense is killed."""
        called = self.worker.call("chat", {})
        self.process.protocol.childDataReceived(1, b"\xff\xff\xff\xff")
        self.assertEqual(self.process.signals, ["KILL"])
        self.process.end(signal=9)
        self.failureResultOf(called, WorkerFailed)

    def test_stop(self) -> None:
        """Stopping kills the process and waits for its end; nothing is started any more."""
        called = self.worker.call("chat", {})
        stopped, again = self.worker.stop(), self.worker.stop()
        failure = self.failureResultOf(called, WorkerFailed)
        self.assertEqual(str(failure.value), "gguf worker was stopped")
        self.assertNoResult(stopped)
        self.process.end(signal=9)
        self.successResultOf(stopped)
        self.successResultOf(again)
        self.successResultOf(self.worker.stop())
        self.failureResultOf(self.worker.call("chat", {}), WorkerFailed)
        self.assert_quiet()

    def test_stop_unused(self) -> None:
        """A worker that never ran is stopped at once."""
        self.successResultOf(self.worker.stop())
