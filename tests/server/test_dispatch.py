"""Tests of car.server.dispatch: requests under way, held, late, refused."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from car.errors import CarError
from car.ir.json import encode
from car.server.dispatch import Within
from car.server.limits import Limits
from car.server.registry import Method, NoParams
from tests.server.doubles import Peer, ServerCase, submission, tool_call

LIMITS = Limits(concurrent_requests=3, held_requests=2, held_bytes=400, handler_timeout=30)


class DispatchCase(ServerCase):
    """A session with a few methods of the test's own.

    ``test.wait`` waits for ``waiting[n]``; what was cancelled stands in ``cancelled``.
    """

    def setUp(self) -> None:
        super().setUp()
        self.waiting: list[Deferred[Any]] = []
        self.cancelled: list[int] = []
        self.ran: list[str] = []
        self.begin(LIMITS)

    def begin(self, limits: Limits) -> None:
        self.serve(limits=limits)
        self.add("test.wait", self.wait)
        self.client = self.peer()

    def add(self, name: str, function: Callable[[], Any]) -> None:
        """Let *function* be a method of every later session."""

        def handler(session: Any, params: NoParams) -> Any:
            self.ran.append(name)
            return function()

        entry = Method(name, handler, host_only=False, open=False)
        self.state.methods = {**self.state.methods, name: entry}
        self.client = self.peer()

    def wait(self) -> "Deferred[Any]":
        number = len(self.waiting)
        self.waiting.append(Deferred(lambda _: self.cancelled.append(number)))
        return self.waiting[-1]

    def outcome(self) -> list[Any]:
        """The ids that have been answered since the last look."""
        return [frame["id"] for frame in self.client.new()]


class AnswerTests(DispatchCase):
    """How a handler's end becomes an answer."""

    def test_as_they_end(self) -> None:
        """Requests run at once and are answered in the order of their ends."""
        for id in ("a", "b", 3):
            self.client.send("test.wait", id=id)
        self.assertEqual((len(self.waiting), self.outcome()), (3, []))
        for number in (2, 0, 1):
            self.waiting[number].callback({"n": number})
        self.later()
        self.assertEqual(self.outcome(), [3, "a", "b"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_coroutines(self) -> None:
        """A handler may be a coroutine; what it returns or raises is the answer."""
        inner: Deferred[int] = Deferred()

        async def doubled() -> int:
            return 2 * await inner

        self.add("test.doubled", doubled)
        self.client.send("test.doubled", id=1)
        self.assertEqual(self.client.new(), [])
        inner.callback(4)
        self.later()
        self.assertEqual(self.client.new(), [{"jsonrpc": "2.0", "id": 1, "result": 8}])

    def test_deferred_that_has_fired(self) -> None:
        """A Deferred with a result is answered in the same turn."""
        self.add("test.ready", lambda: succeed([1]))
        self.assertEqual(self.client.call("test.ready"), [1])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_null(self) -> None:
        """A null result is written."""
        self.add("test.null", lambda: None)
        self.assertEqual(self.client.answer("test.null")["result"], None)

    def test_notifications(self) -> None:
        """A notification runs and is never answered, now or later, well or badly."""
        self.add("test.bad", lambda: fail(CarError("no")))
        for method in ("test.wait", "test.bad", "no.such", "state.get"):
            self.assertEqual(self.client.turn(b'{"method":"%b"}' % method.encode()), [])
        self.waiting[0].callback(1)
        self.later()
        self.assertEqual(self.client.new(), [])
        self.assertEqual(self.ran, ["test.wait", "test.bad"])

    def test_notification_with_a_defect(self) -> None:
        """A defect behind a notification is logged; nothing is answered."""
        self.add("test.broken", lambda: 1 / 0)
        self.assertEqual(self.client.turn(b'{"method":"test.broken"}'), [])

    def test_unknown(self) -> None:
        """An unknown method is -32601 and named, shortened if it is long."""
        error = self.client.error("state.wipe")
        self.assertEqual(error, {"code": -32601, "message": "method not found: state.wipe"})
        error = self.client.error("x" * 5000)
        self.assertLess(len(error["message"]), 300)
        self.assertEqual(self.client.error("")["code"], -32601)

    def test_defect(self) -> None:
        """A defect of ours is told by an id and nothing else; the log has the traceback."""

        def broken() -> Any:
            raise KeyError("/secret/path")

        async def broken_later() -> Any:
            raise KeyError("/secret/path")

        self.add("test.broken", broken)
        self.add("test.later", broken_later)
        for method in ("test.broken", "test.later"):
            error = self.client.error(method)
            self.assertEqual((error["code"], error["message"]), (-32603, "internal error"))
            self.assertEqual(list(error["data"]), ["error_id"])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)

    def test_unencodable(self) -> None:
        """A result that is no JSON is a defect as well."""
        self.add("test.object", lambda: object())
        self.add("test.later", lambda: succeed(object()))
        for method in ("test.object", "test.later"):
            self.assertIn("error_id", self.client.error(method)["data"])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 2)

    def test_no_message(self) -> None:
        """What is no message is answered, and the session lives on."""
        (answer,) = self.client.turn(b"nope")
        self.assertEqual((answer["id"], answer["error"]["code"]), (None, -32700))
        (answer,) = self.client.turn(b'[{"id":1,"method":"state.keys"}]')
        self.assertEqual((answer["id"], answer["error"]["code"]), (None, -32600))
        self.assertEqual(self.client.call("state.keys"), [])


class DeadlineTests(DispatchCase):
    """Handlers that take too long."""

    def test_deadline(self) -> None:
        """At its deadline a handler is cancelled and answered -32004."""
        self.client.send("test.wait", id=1)
        self.later(29.9)
        self.assertEqual((self.client.new(), self.cancelled), ([], []))
        self.later(0.1)
        self.later()
        (answer,) = self.client.new()
        self.assertEqual((answer["id"], answer["error"]["code"]), (1, -32004))
        self.assertIn("handler 'test.wait' exceeded its 30s", answer["error"]["message"])
        self.assertEqual(self.cancelled, [0])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_own_deadline(self) -> None:
        """A handler may bring a deadline of its own."""
        self.add("test.within", lambda: Within(self.wait(), 5))
        self.client.send("test.within", id=1)
        self.later(5)
        self.later()
        self.assertIn("5s", self.client.new()[0]["error"]["message"])

    def test_place_is_free(self) -> None:
        """A deadline frees the place for a request that was held."""
        for id in range(4):
            self.client.send("test.wait", id=id)
        self.assertEqual(len(self.waiting), 3)
        self.later(30)
        self.assertEqual(len(self.waiting), 4)

    def test_coroutine(self) -> None:
        """A coroutine is cancelled where it waits."""

        async def patient() -> None:
            await self.wait()

        self.add("test.patient", patient)
        self.client.send("test.patient", id=1)
        self.later(30)
        self.later()
        self.assertEqual(self.client.new()[0]["error"]["code"], -32004)
        self.assertEqual(self.cancelled, [0])

    def test_proposal(self) -> None:
        """A proposal's deadline is the sum of its budgets and 15 s; its call is cancelled."""
        self.client.call("tools.register", [{"name": "lint"}])
        action = tool_call("a", timeout_ms=60_000, failure_behavior="retry", max_retries=1)
        self.client.send("proposal.submit", submission(action), id=1)
        self.client.new()
        for seconds in (60, 0.1, 60, 0):
            self.later(seconds)
        self.assertEqual(self.client.new()[-1]["result"]["results"][0]["status"], "failed")
        self.assertEqual(self.clock.getDelayedCalls(), [])


class HeldTests(DispatchCase):
    """More requests than may run at once."""

    def fill(self) -> None:
        for id in range(3):
            self.client.send("test.wait", id=id)

    def test_held(self) -> None:
        """Further requests wait, in order, and run as places become free."""
        self.add("test.quick", lambda: "quick")
        self.fill()
        self.client.send("test.quick", id="q")
        self.client.send("test.wait", id="w")
        self.assertEqual((self.ran.count("test.quick"), self.outcome()), (0, []))
        self.waiting[1].callback(None)
        self.later()
        self.assertEqual(self.outcome(), [1, "q"])
        self.assertEqual(len(self.waiting), 4)

    def test_order_is_kept(self) -> None:
        """A request never overtakes one that is held, though there may be a place."""
        self.add("test.quick", lambda: "quick")
        self.fill()
        self.client.send("test.wait", id="w1")
        self.client.send("test.quick", id="q")
        self.waiting[0].callback(None)
        self.waiting[3].callback(None)
        self.later()
        self.assertEqual(self.outcome(), [0, "w1", "q"])

    def test_too_many(self) -> None:
        """Beyond the count a request is refused as busy; notifications are dropped."""
        self.fill()
        for id in ("h1", "h2"):
            self.client.send("test.wait", id=id)
        error = self.client.error("state.keys")
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "busy"}))
        self.assertEqual(self.client.turn(b'{"method":"test.wait"}'), [])
        for waiting in list(self.waiting):
            waiting.callback(None)
        self.assertEqual(len(self.waiting), 5)

    def test_too_large(self) -> None:
        """Also beyond the octets, and there is room again once they were taken up."""
        self.fill()
        big = encode({"id": "h", "method": "test.wait", "params": {"x": "y" * 340}})
        self.assertEqual(self.client.turn(big), [])
        (answer,) = self.client.turn(big)
        self.assertEqual(answer["error"]["data"], {"code": "busy"})
        self.waiting[0].callback(None)
        self.assertEqual(self.client.turn(big)[0]["id"], 0)

    def test_documented_limits(self) -> None:
        """256 run, 16,384 or 16 MiB wait (decision 18)."""
        self.begin(Limits())
        for id in range(257):
            self.client.send("test.wait", id=id)
        self.assertEqual(len(self.waiting), 256)
        limits = Limits()
        self.assertEqual((limits.held_requests, limits.held_bytes), (16_384, 16 * 1024**2))

    def test_answers_are_taken(self) -> None:
        """Answers to our calls are taken at once, whatever is held."""
        self.client.call("tools.register", [{"name": "lint"}])
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        for id in range(3):
            self.client.send("test.wait", id=id)
        self.assertEqual(len(self.waiting), 2)
        self.client.new()
        answers = self.client.reply("cb-1", 5)
        self.assertEqual(answers[0]["id"], "p")
        self.assertEqual(len(self.waiting), 3)

    def test_many_at_once(self) -> None:
        """Taking up a long row of requests that end at once does not recurse."""
        self.begin(Limits(concurrent_requests=1))
        self.add("test.ready", lambda: succeed(1))
        self.client.send("test.wait", id="w")
        payloads = [b'{"id":%d,"method":"test.ready"}' % n for n in range(3000)]
        self.assertEqual(self.client.turn(*payloads), [])
        self.waiting[0].callback(None)
        self.later()
        self.assertEqual(len(self.flushLoggedErrors(RecursionError)), 0)
        self.assertEqual(self.outcome(), ["w", *range(3000)])

    def test_stalled(self) -> None:
        """While the client does not read, nothing runs but answers; then all is taken up."""
        self.client.call("tools.register", [{"name": "lint"}])
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        self.client.session.output_stalled()
        self.client.send("state.keys", id="k")
        self.client.send("no.such", id="n")
        self.assertEqual(self.outcome(), [])
        self.assertEqual(self.client.reply("cb-1", 1)[0]["id"], "p")
        self.client.session.output_resumed()
        self.later()
        self.assertEqual(self.outcome(), ["k", "n"])


class EndTests(DispatchCase):
    """Connections that go, and a daemon that stops."""

    def test_lost(self) -> None:
        """A lost connection cancels what runs and forgets what is held."""
        for id in range(4):
            self.client.send("test.wait", id=id)
        self.client.lose()
        self.assertEqual(sorted(self.cancelled), [0, 1, 2])
        self.assertEqual(len(self.waiting), 3)
        self.assertEqual(self.client.new(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancelled_by_its_own_work(self) -> None:
        """A handler whose own work was cancelled is answered like any that failed."""
        self.client.send("test.wait", id=1)
        self.waiting[0].cancel()
        self.later()
        self.assertEqual(self.outcome(), [1])

    def test_draining(self) -> None:
        """A daemon that stops refuses what is new and answers what runs."""
        self.client.send("test.wait", id=1)
        self.state.draining = True
        error = self.client.error("state.keys")
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "busy"}))
        self.waiting[0].callback(None)
        self.later()
        self.assertEqual(self.outcome(), [1])


class WitnessTests(DispatchCase):
    """A session that is busy does not touch another."""

    def test_other_session(self) -> None:
        """Another connection is served whatever this one holds."""
        for id in range(20):
            self.client.send("test.wait", id=id)
        other = Peer(self.state)
        self.assertEqual(other.call("state.set", {"key": "k", "value": 1}), "ok")
        other.call("tools.register", [{"name": "lint"}])
        other.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        self.assertEqual(self.client.reply("cb-1", 1), [])
        self.assertEqual(other.reply("cb-1", 2)[-1]["result"]["results"][0]["output"], 2)
