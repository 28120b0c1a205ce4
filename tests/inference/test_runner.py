"""The delegated runner: every way a call can end."""

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.inference.errors import UnsupportedMode
from car.inference.interfaces import IGenerator
from car.inference.models import Delegated, ModelSchema
from car.inference.records import Completion, GenerateRequest, StreamEvent, TextDelta, ToolCall
from car.inference.runner import DelegatedRunner, RunnerError, UnknownCall

MODEL = ModelSchema(id="lab/echo:1", name="echo", source=Delegated())


class RunnerCase(SynchronousTestCase):
    """A runner on a clock, with a host's connection registered."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.runner = DelegatedRunner(self.clock)
        self.invoked: list[tuple[str, GenerateRequest]] = []
        self.heard: list[StreamEvent] = []

    def register(self, owner: str = "host") -> None:
        """Let *owner* run what is delegated."""
        self.runner.register(
            owner, lambda call_id, request: self.invoked.append((call_id, request))
        )

    def begin(self) -> Any:
        """A call under way."""
        return self.runner.generate(MODEL, GenerateRequest(prompt="hi"), self.heard.append)

    def tearDown(self) -> None:
        """No timer is left behind."""
        self.assertEqual(self.clock.getDelayedCalls(), [])


class EndingTests(RunnerCase):
    """How a call ends."""

    def test_complete(self) -> None:
        """The host's result is the answer; the request names the model."""
        self.register()
        answer = self.begin()
        [(call_id, request)] = self.invoked
        self.assertEqual((request.prompt, request.model), ("hi", MODEL.id))
        self.runner.complete("host", call_id, Completion("hello"))
        self.assertEqual(self.successResultOf(answer), Completion("hello"))
        self.assertRaises(UnknownCall, self.runner.complete, "host", call_id, Completion(""))

    def test_events_are_what_counts(self) -> None:
        """A stream is passed on as it comes and put together, whatever complete says."""
        self.register()
        answer = self.begin()
        call_id = self.invoked[0][0]
        for event in (
            {"type": "text", "data": "hel"},
            {"type": "text", "data": "lo"},
            {"type": "tool_start", "name": "find", "index": 0, "id": "t1"},
            {"type": "tool_delta", "index": 0, "data": '{"q":'},
            {"type": "tool_delta", "index": 0, "data": '"owl"}'},
            {"type": "usage", "input_tokens": 3, "output_tokens": 2,
             "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
            {"type": "stop_reason", "data": "tool_use"},
            {"type": "done", "text": "other", "tool_calls": []},
        ):  # fmt: skip
            self.runner.event("host", call_id, event)
        self.runner.complete("host", call_id, Completion("something else"))
        whole = self.successResultOf(answer)
        self.assertEqual(whole.text, "hello")
        self.assertEqual(whole.tool_calls, [ToolCall("find", {"q": "owl"}, "t1")])
        self.assertEqual((whole.usage.input_tokens, whole.stop_reason), (3, "tool_use"))
        self.assertEqual(self.heard[0], TextDelta("hel"))

    def test_fail(self) -> None:
        """The host's error is the caller's."""
        self.register()
        answer = self.begin()
        self.runner.fail("host", self.invoked[0][0], "out of memory")
        self.assertEqual(str(self.failureResultOf(answer, RunnerError).value), "out of memory")

    def test_broken_arguments(self) -> None:
        """Arguments that are no JSON object fail the call, and only it."""
        self.register()
        answer = self.begin()
        call_id = self.invoked[0][0]
        self.runner.event("host", call_id, {"type": "tool_start", "name": "f", "index": 0})
        self.runner.event("host", call_id, {"type": "tool_delta", "index": 0, "data": "{"})
        self.runner.complete("host", call_id, Completion(""))
        self.failureResultOf(answer, RunnerError)

    def test_silence(self) -> None:
        """A call that nothing is heard of for two minutes fails; an event begins them anew."""
        self.register()
        answer = self.begin()
        self.clock.advance(119)
        self.runner.event("host", self.invoked[0][0], {"type": "text", "data": "x"})
        self.clock.advance(119)
        self.assertNoResult(answer)
        self.clock.advance(1)
        self.assertIn("silent for 120 s", str(self.failureResultOf(answer, RunnerError).value))

    def test_connection_goes(self) -> None:
        """Every call fails with the runner's connection, and there is no runner any more."""
        self.register()
        answers = [self.begin(), self.begin()]
        self.runner.session_closed("somebody else")
        self.assertTrue(self.runner.connected)
        self.runner.session_closed("host")
        for answer in answers:
            self.assertIn("disconnected", str(self.failureResultOf(answer, RunnerError).value))
        self.assertFalse(self.runner.connected)

    def test_cancelled(self) -> None:
        """A call that is given up is forgotten; what the host says of it is refused."""
        self.register()
        answer = self.begin()
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertRaises(
            UnknownCall, self.runner.complete, "host", self.invoked[0][0], Completion("")
        )


class RegistrationTests(RunnerCase):
    """Who runs."""

    def test_interface(self) -> None:
        """It generates like any back end."""
        verifyObject(IGenerator, self.runner)

    def test_nobody(self) -> None:
        """Without a runner the text says what to call."""
        failure = self.failureResultOf(self.begin(), RunnerError)
        self.assertEqual(
            str(failure.value),
            "model 'lab/echo:1' is delegated but no runner is registered; "
            "call inference.register_runner from the host",
        )

    def test_last_wins(self) -> None:
        """A second registration takes over; the first one's calls fail, its word is nothing."""
        self.register("old")
        answer = self.begin()
        self.register("new")
        self.failureResultOf(answer, RunnerError)
        second = self.begin()
        call_id = self.invoked[1][0]
        self.assertRaises(UnknownCall, self.runner.fail, "old", call_id, "x")
        self.runner.complete("new", call_id, Completion("ok"))
        self.assertEqual(self.successResultOf(second).text, "ok")

    def test_other_shapes(self) -> None:
        """An event of no known shape is refused, and the call goes on."""
        self.register()
        answer = self.begin()
        call_id = self.invoked[0][0]
        for wrong in ({}, {"type": "audio"}, {"type": "text", "data": 7}):
            self.assertRaises(UnsupportedMode, self.runner.event, "host", call_id, wrong)
        self.runner.complete("host", call_id, Completion("ok"))
        self.successResultOf(answer)
