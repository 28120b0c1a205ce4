"""Tests of car.client.client over a daemon in memory."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.client import link as link_module
from car.client.client import CALL_SECONDS
from car.client.errors import (
    AuthRefused,
    DeadlineExceeded,
    Disconnected,
    IncompatibleDaemon,
    RpcError,
    TooManyCalls,
    UnreadableAnswer,
)
from car.ir.json import JsonError
from car.ir.proposal import Action, ActionProposal, RuntimeScope
from car.wsclient.errors import CannotConnect
from tests.client.daemon import GREETING, FakeDaemon, Refused


def refuse(code: int, message: str, data: Any = None) -> Any:
    """An answer that is an error."""

    def answer(params: Any) -> None:
        raise Refused(code, message, data)

    return answer


class ConnectTests(SynchronousTestCase):
    """The first connection and its greeting."""

    def setUp(self) -> None:
        self.daemon = FakeDaemon(self)

    def test_greeting(self) -> None:
        """Token first, then the handshake; the daemon's version is known afterwards."""
        client = self.daemon.connect()
        self.assertEqual(self.daemon.greetings, GREETING)
        self.assertEqual((client.connected, client.server_version), (True, "9.9"))

    def test_no_token(self) -> None:
        """Without a token session.auth is left out."""
        self.daemon.connect(token=None)
        self.assertEqual(self.daemon.greetings, ["server.handshake"])

    def test_wrong_token(self) -> None:
        """A refused token is told with where it came from; the connection goes."""
        self.daemon.answers["session.auth"] = refuse(-32603, "auth failed: token mismatch")
        problem = self.failureResultOf(self.daemon.start(), AuthRefused).value
        self.assertIn("token mismatch (the token came from a file;", str(problem))
        self.daemon.flush()
        self.assertEqual(self.daemon.sessions[0].names[-1], "lost")

    def test_token_wanted(self) -> None:
        """A daemon that wants a token says so; the remedy is named."""
        self.daemon.answers["server.handshake"] = refuse(-32001, "auth required")
        problem = self.failureResultOf(self.daemon.start(token=None), AuthRefused).value
        self.assertIn("set CAR_AUTH_TOKEN", str(problem))

    def test_other_versions(self) -> None:
        """Another protocol version, refused or answered, is no daemon for us."""
        answers = [refuse(-32006, "mismatch"), lambda _: {"protocol_version": 2}, lambda _: None]
        for answer in answers:
            self.daemon.answers["server.handshake"] = answer
            self.failureResultOf(self.daemon.start(), IncompatibleDaemon)

    def test_unreachable(self) -> None:
        """A daemon that does not answer is CannotConnect with the URL."""
        self.daemon.way.open = False
        problem = self.failureResultOf(self.daemon.start(), CannotConnect).value
        self.assertIn("ws://127.0.0.1:9100: Nobody answers", str(problem))

    def test_silent(self) -> None:
        """A daemon that does not answer the greeting fails after 10 s; nothing is left."""
        del self.daemon.answers["server.handshake"]
        started = self.daemon.start()
        self.daemon.advance(10)
        self.failureResultOf(started, DeadlineExceeded)
        self.daemon.advance(30)
        self.assertEqual(self.daemon.sessions[0].names[-1], "lost")


class CallTests(SynchronousTestCase):
    """Calls, and each way one can end."""

    def setUp(self) -> None:
        self.daemon = FakeDaemon(self)
        self.client = self.daemon.connect()

    def call(self, method: str = "x", params: Any = None, **options: Any) -> "Deferred[Any]":
        called = self.client.call(method, params, **options)
        self.daemon.flush()
        return called

    def test_answer(self) -> None:
        """The result comes back; params are sent as given, records as objects."""
        self.daemon.answers["x"] = lambda params: [params]
        action = Action(id="a", type="assertion")
        answer = self.successResultOf(self.call("x", {"action": action, "pair": (1, 2)}))
        self.assertEqual(answer[0]["pair"], [1, 2])
        self.assertEqual(answer[0]["action"]["id"], "a")

    def test_no_params(self) -> None:
        """A call without params sends an empty object."""
        self.daemon.answers["x"] = lambda params: params
        self.assertEqual(self.successResultOf(self.call()), {})

    def test_error(self) -> None:
        """An error of the daemon has its code, text and data."""
        self.daemon.answers["x"] = refuse(-32602, "invalid params: key", {"code": "k"})
        problem: Any = self.failureResultOf(self.call(), RpcError).value
        self.assertEqual(
            (problem.code, str(problem), problem.data),
            (-32602, "invalid params: key", {"code": "k"}),
        )

    def test_deadline(self) -> None:
        """No answer within the time-out; a late one is dropped."""
        called = self.call()
        self.daemon.advance(CALL_SECONDS)
        problem = self.failureResultOf(called, DeadlineExceeded).value
        self.assertEqual(str(problem), "x: no answer within 30 s")
        self.daemon.send(id=self.daemon.requests[0]["id"], result=1)

    def test_no_deadline(self) -> None:
        """A time-out of None waits on."""
        called = self.call(timeout=None)
        self.daemon.clock.advance(10_000)
        self.assertNoResult(called)
        self.daemon.send(id=self.daemon.requests[0]["id"], result=1)
        self.assertEqual(self.successResultOf(called), 1)

    def test_disconnected(self) -> None:
        """A lost connection fails what is in flight, and every later call at once."""
        reasons: list[str] = []
        self.client.on_disconnect(reasons.append)
        called = self.call()
        self.daemon.hang_up(4401, "bye")
        self.daemon.advance(5)
        self.failureResultOf(called, Disconnected)
        self.assertEqual(reasons, ["the connection is closed (4401: bye)"])
        problem = self.failureResultOf(self.call(), Disconnected).value
        self.assertEqual(str(problem), reasons[0])
        self.assertRaises(Disconnected, self.client.notify, "x")
        self.assertEqual(self.daemon.clock.getDelayedCalls(), [])

    def test_cancelled(self) -> None:
        """A cancelled call is forgotten, with its timer."""
        called = self.call()
        called.cancel()
        self.failureResultOf(called)
        self.daemon.send(id=self.daemon.requests[0]["id"], result=1)

    def test_not_json(self) -> None:
        """What JSON cannot hold is refused before it is sent."""
        self.failureResultOf(self.call("x", {"n": float("nan")}), JsonError)
        self.failureResultOf(self.call("x", {"o": object()}), TypeError)
        self.assertEqual(self.daemon.requests, [])

    def test_bound(self) -> None:
        """Beyond the bound a call fails at once and is not sent."""
        self.patch(link_module, "MAX_CALLS", 2)
        first, second = self.call(), self.call()
        self.failureResultOf(self.call(), TooManyCalls)
        self.assertEqual(len(self.daemon.requests), 2)
        self.client.close()
        self.daemon.flush()
        self.daemon.advance(5)
        self.failureResultOf(first, Disconnected)
        self.failureResultOf(second, Disconnected)

    def test_quotes(self) -> None:
        """A method name is any text."""
        self.daemon.answers['a"b'] = lambda params: 1
        self.assertEqual(self.successResultOf(self.call('a"b')), 1)

    def test_junk(self) -> None:
        """Messages that are none, and answers to nothing, are dropped."""
        self.daemon.sessions[-1].connection.send_messages([b"{", b"[]"])
        self.daemon.send(id="cb-9", result=1)
        self.daemon.send(id=True, result=1)
        self.assertTrue(self.client.connected)

    def test_notify(self) -> None:
        """A notification has no id."""
        self.client.notify("agent.chat.event", {"session_id": "s"})
        self.daemon.flush()
        self.assertNotIn("id", self.daemon.requests[0])

    def test_close(self) -> None:
        """close() fires once the connection has gone; calls then fail; again is harmless."""
        closed = self.client.close()
        self.daemon.flush()
        self.daemon.advance(5)
        self.successResultOf(closed)
        problem = self.failureResultOf(self.call(), Disconnected).value
        self.assertEqual(str(problem), "the client is closed")
        self.successResultOf(self.client.close())
        self.assertEqual(self.daemon.clock.getDelayedCalls(), [])


class MethodTests(SynchronousTestCase):
    """The typed methods."""

    def setUp(self) -> None:
        self.daemon = FakeDaemon(self)
        self.client = self.daemon.connect()

    def test_submit(self) -> None:
        """A proposal goes out with its scope; the result is a record."""
        self.daemon.answers["proposal.submit"] = lambda params: {
            "proposal_id": params["proposal"]["id"],
            "results": [
                {
                    "action_id": "a1",
                    "status": "succeeded",
                    "output": 4,
                    "state_changes": {},
                    "duration_ms": 1.5,
                    "timestamp": "2026-01-01T00:00:00Z",
                }
            ],
            "cost": {},
        }
        proposal = ActionProposal(id="p", actions=[])
        scope = RuntimeScope(tenant_id="t")
        done = self.client.submit(proposal, session_id="s", scope=scope)
        self.daemon.flush()
        result = self.successResultOf(done)
        self.assertTrue(result.results[0].succeeded)
        params = self.daemon.requests[0]["params"]
        self.assertEqual((params["session_id"], params["scope"]), ("s", {"tenantId": "t"}))

    def test_unreadable(self) -> None:
        """An answer of another shape says which field is wrong."""
        self.daemon.answers["proposal.submit"] = lambda params: {"proposal_id": 1}
        done = self.client.submit({"actions": []})
        self.daemon.flush()
        problem = self.failureResultOf(done, UnreadableAnswer).value
        self.assertIn("proposal_id", str(problem))

    def test_state(self) -> None:
        """state_get and state_set name key and tenant."""
        self.daemon.answers["state.get"] = lambda params: 7
        self.daemon.answers["state.set"] = lambda params: "ok"
        got, put = self.client.state_get("k"), self.client.state_set("k", 8, tenant_id="t")
        self.daemon.flush()
        self.assertEqual(self.successResultOf(got), 7)
        self.assertIsNone(self.successResultOf(put))
        self.assertEqual(
            self.daemon.requests[1]["params"], {"key": "k", "value": 8, "tenant_id": "t"}
        )


class NotificationTests(SynchronousTestCase):
    """on: what the daemon tells."""

    def test_handlers(self) -> None:
        """All handlers hear it in order; one that raises is logged and stops nobody."""
        daemon = FakeDaemon(self)
        client = daemon.connect()
        heard: list[Any] = []

        def broken(params: Any) -> None:
            raise RuntimeError(params)

        client.on("server.draining", broken)
        client.on("server.draining", heard.append)
        daemon.send(method="server.draining", params={"grace_secs": 5})
        daemon.send(method="other")
        self.assertEqual(heard, [{"grace_secs": 5}])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
