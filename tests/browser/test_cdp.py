"""Tests of car.browser.cdp and of how pipe cuts its stream."""

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.browser import pipe
from car.browser.cdp import EVENT_BYTES, CdpConnection
from car.browser.errors import AnswerTooLong, BrowserExited, CdpError, CdpTimeout
from car.browser.pipe import MessageReader
from car.ir.json import JsonObject
from tests.browser.doubles import Wire


class CdpTestCase(SynchronousTestCase):
    """A connection whose other end is the test's."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.wire = Wire()
        self.connection = self.wire.connection = CdpConnection(self.clock, self.wire.write)

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])


class CallTests(CdpTestCase):
    """CdpConnection.call: each of its endings."""

    def test_answer(self) -> None:
        """Answers find their calls by id, in any order."""
        first = self.connection.call("A.a", {"x": 1})
        second = self.connection.call("B.b", session="S")
        self.assertEqual(
            self.wire.sent,
            [
                {"id": 1, "method": "A.a", "params": {"x": 1}},
                {"id": 2, "method": "B.b", "params": {}, "sessionId": "S"},
            ],
        )
        self.wire.say({"id": 2, "result": {"b": [2]}, "sessionId": "S"})
        self.wire.say({"id": 1, "result": {}})
        self.assertEqual(self.successResultOf(second), {"b": [2]})
        self.assertEqual(self.successResultOf(first), {})

    def test_raw(self) -> None:
        """A raw call gets its result as JSON text."""
        called = self.connection.call_raw("A.a")
        self.wire.say({"id": 1, "result": {"a": "é"}})
        self.assertEqual(bytes(self.successResultOf(called)), '{"a":"é"}'.encode())

    def test_refused(self) -> None:
        """An error is told with the method and the browser's words, data among them."""
        for error, reason in (
            ({"code": -32000, "message": "No node"}, "No node"),
            ({"code": -32602, "message": "Invalid", "data": "x: int"}, "Invalid: x: int"),
            ({"code": -32602, "message": "Invalid", "data": {"x": 1}}, "Invalid"),
        ):
            called = self.connection.call("A.a")
            self.wire.say({"id": len(self.wire.sent), "error": error})
            problem = self.failureResultOf(called, CdpError).value
            self.assertEqual(str(problem), f"A.a: {reason}")
            self.assertEqual((problem.method, problem.reason), ("A.a", reason))

    def test_time_out(self) -> None:
        """No answer in time fails the call; one that comes later is dropped."""
        called = self.connection.call("A.a", seconds=5)
        self.clock.advance(4.9)
        self.assertNoResult(called)
        self.clock.advance(0.1)
        problem = self.failureResultOf(called, CdpTimeout).value
        self.assertEqual(str(problem), "A.a: no answer after 5 s")
        self.wire.say({"id": 1, "result": {}})

    def test_cancel(self) -> None:
        """A call that is cancelled is forgotten; its answer is dropped."""
        called = self.connection.call("A.a")
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.wire.say({"id": 1, "result": {}})

    def test_closed(self) -> None:
        """With the connection all calls fail, those made then as well; the first reason stays."""
        waiting = [self.connection.call("A.a") for _ in range(2)]
        late: list[str] = []
        waiting[0].addErrback(
            lambda _: self.connection.call("B.b").addErrback(
                lambda why: late.append(str(why.value))
            )
        )
        self.connection.closed(BrowserExited("gone", -9))
        self.connection.closed(BrowserExited("gone again"))
        self.assertEqual(late, ["gone"])
        self.assertEqual(self.failureResultOf(waiting[1], BrowserExited).value.exit_code, -9)
        self.failureResultOf(self.connection.call("C.c"), BrowserExited)
        self.assertEqual(len(self.wire.sent), 2)

    def test_target_gone(self) -> None:
        """Forgetting a session fails its calls and no others."""
        of_session = self.connection.call("A.a", session="S")
        of_browser = self.connection.call("B.b")
        self.connection.forget("S")
        problem = self.failureResultOf(of_session, CdpError).value
        self.assertEqual(problem.reason, "the target is gone")
        self.assertNoResult(of_browser)
        self.wire.say({"id": 2, "result": {}})
        self.successResultOf(of_browser)

    def test_too_long(self) -> None:
        """An answer longer than its call takes fails that call, undecoded; others may be long."""
        short = self.connection.call("A.a", max_bytes=300_000)
        long = self.connection.call("B.b")
        for number in (1, 2):
            self.wire.say({"id": number, "result": {"text": "x" * 300_000}})
        problem = self.failureResultOf(short, AnswerTooLong).value
        self.assertIn("more than the 300000 allowed", str(problem))
        self.assertEqual(len(self.successResultOf(long)["text"]), 300_000)

    def test_dropped(self) -> None:
        """An answer that the carrier has dropped for its length fails its call."""
        called = self.connection.call("A.a")
        self.connection.message_dropped(b'{"id":1,"result":{"da', b"", 10**9)
        self.failureResultOf(called, AnswerTooLong)
        self.connection.message_dropped(b'{"method":"A.b","par', b'"sessionId":"S"}', 10**9)

    def test_limits(self) -> None:
        """An answer may be as long as its call takes, one that nobody awaits not long at all."""
        self.connection.call("A.a", max_bytes=300_000)
        for head, limit in (
            (b'{"id":1,"result":{"da', 300_000),
            (b'{"id":2,"result":{"da', 0),
            (b'{"method":"A.b","par', EVENT_BYTES),
        ):
            self.assertEqual(self.connection.limit_of(head), limit)
        self.wire.say({"id": 1, "result": {}})


class EventTests(CdpTestCase):
    """CdpConnection.listen: each session has its own ears."""

    def setUp(self) -> None:
        super().setUp()
        self.heard: list[tuple[str, str, JsonObject]] = []
        self.connection.listen(None, lambda *event: self.heard.append(("browser", *event)))
        self.connection.listen("S", lambda *event: self.heard.append(("S", *event)))

    def test_sessions(self) -> None:
        """An event is heard by its session's handler; nobody's is dropped."""
        self.wire.say({"method": "A.a", "params": {"x": 1}})
        self.wire.say({"method": "B.b", "params": {}, "sessionId": "S"})
        self.wire.say({"method": "C.c", "params": {}, "sessionId": "T"})
        self.assertEqual(self.heard, [("browser", "A.a", {"x": 1}), ("S", "B.b", {})])

    def test_forget(self) -> None:
        """A session that was forgotten is not heard any more."""
        self.connection.forget("S")
        self.wire.say({"method": "B.b", "params": {}, "sessionId": "S"})
        self.assertEqual(self.heard, [])

    def test_defect(self) -> None:
        """A handler that fails is logged; the connection lives on."""

        def failing(method: str, params: JsonObject) -> None:
            raise ZeroDivisionError

        self.connection.listen(None, failing)
        self.wire.say({"method": "A.a", "params": {}})
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.wire.say({"method": "B.b", "params": {}, "sessionId": "S"})
        self.assertEqual(len(self.heard), 1)

    def test_dialog_too_long(self) -> None:
        """A dialog whose event nobody kept is told without its params: it must be answered."""
        name = "Page.javascriptDialogOpening"
        head = f'{{"method":"{name}","params":{{"url":"http'.encode()
        self.connection.message_dropped(head, b'xxx"},"sessionId":"S"}', 10**9)
        self.connection.message_dropped(head, b"xxx", 10**9)
        self.assertEqual(self.heard, [("S", name, {})])

    def test_halves(self) -> None:
        """Halves of characters are replaced; whole ones, and what only looks like one, are kept."""
        text = rb"\ud83d\ude00 \ud800 \\ud800 \udc00\ud800 \" \u0041"
        self.connection.message_received(b'{"method":"A.a","params":{"x":"' + text + b'"}}')
        whole = '\U0001f600 \ufffd \\ud800 \ufffd\ufffd " A'
        self.assertEqual(self.heard, [("browser", "A.a", {"x": whole})])

    def test_nonsense(self) -> None:
        """What is no message is dropped."""
        for octets in (b"", b"{", b"[]", b'{"id":"x"}', b"\xff"):
            self.connection.message_received(octets)
        self.assertEqual(self.heard, [])


class MessageReaderTests(SynchronousTestCase):
    """MessageReader: a stream cut at its NULs."""

    def setUp(self) -> None:
        self.patch(pipe, "LONG_BYTES", 500)
        self.asked: list[bytes] = []
        self.dropped: list[tuple[bytes, bytes, int]] = []
        self.reader = MessageReader(self.limit_of, lambda *dropped: self.dropped.append(dropped))

    def limit_of(self, head: bytes) -> int:
        """A thousand bytes, for whatever is asked."""
        self.asked.append(head)
        return 1_000

    def read(self, data: bytes, step: int) -> list[bytes]:
        """What comes of *data* in pieces of *step* bytes."""
        pieces = (data[at : at + step] for at in range(0, len(data), step))
        return [message for piece in pieces for message in self.reader.feed(piece)]

    def test_cuts(self) -> None:
        """However the stream arrives, the messages are the same."""
        for step in (1, 2, 3, 100):
            self.assertEqual(
                self.read(b"one\0two\0\0three\0", step), [b"one", b"two", b"", b"three"]
            )

    def test_too_long(self) -> None:
        """A message over the limit is dropped, its ends and length told; the next one is read."""
        stream = b"<head>" + b"x" * 993 + b"y>\0" + b"z" * 1_000 + b"\0"
        for step in (1, 7, 300, 900, 5_000):
            self.assertEqual(self.read(stream, step), [b"z" * 1_000])
            ((head, tail, size),) = self.dropped
            self.assertEqual((head[:6], len(head), size), (b"<head>", 256, 1_001))
            self.assertEqual(tail, b"x" * 254 + b"y>")
            self.assertEqual([(head[:6], len(head)) for head in self.asked][1:], [(b"zzzzzz", 256)])
            self.dropped.clear()
            self.asked.clear()
