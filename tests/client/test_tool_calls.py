"""Tests of running tools for the daemon: car.client.tools, the link's requests."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from car.client import link as link_module
from car.client.errors import (
    ToolFailed,
)
from tests.client.daemon import FakeDaemon


class ToolCallTests(SynchronousTestCase):
    """tools.execute: every way a tool can end."""

    def setUp(self) -> None:
        self.daemon = FakeDaemon(self)
        self.daemon.answers["tools.register"] = lambda params: len(params)
        self.client = self.daemon.connect()
        self.waits: dict[int, Deferred[Any]] = {}

    def register(self, function: Any, **options: Any) -> Any:
        done = self.client.register_tool(function, **options)
        self.daemon.flush()
        return self.successResultOf(done)

    def wait(self, number: int) -> "Deferred[Any]":
        self.waits[number] = Deferred()
        return self.waits[number]

    def assertAnswer(self, **member: Any) -> None:
        reply = self.daemon.replies.pop(0)
        del reply["jsonrpc"]
        self.assertEqual(reply, member)

    def test_registered(self) -> None:
        """The daemon gets the schema; options are passed on."""

        def search(query: str, limit: int = 3) -> list[str]:
            """Find things.

            More.
            """
            return [query] * limit

        schema = self.register(search, idempotent=True)
        sent = self.daemon.requests[0]["params"][0]
        self.assertEqual(sent["parameters"], schema.parameters)
        self.assertEqual(
            (sent["name"], sent["description"], sent["idempotent"]),
            ("search", "Find things.", True),
        )

    def test_plain(self) -> None:
        """A plain function's value is the answer."""
        self.register(lambda a, b=2: a + b, name="add")
        self.daemon.execute("cb-1", "add", {"a": 1})
        self.assertAnswer(id="cb-1", result=3)

    def test_deferreds_together(self) -> None:
        """Two calls run at once; each answers when its Deferred fires."""
        self.register(self.wait)
        self.daemon.execute("cb-1", "wait", {"number": 1})
        self.daemon.execute("cb-2", "wait", {"number": 2})
        self.waits[2].callback("second")
        self.waits[1].callback("first")
        self.daemon.flush()
        self.assertAnswer(id="cb-2", result="second")
        self.assertAnswer(id="cb-1", result="first")

    def test_coroutine(self) -> None:
        """A coroutine function may await, also calls of this client."""
        self.daemon.answers["state.get"] = lambda params: params["key"]

        async def look(key: str) -> Any:
            return await self.client.state_get(key)

        self.register(look)
        self.daemon.execute("cb-1", "look", {"key": "k"})
        self.daemon.flush()
        self.assertAnswer(id="cb-1", result="k")

    def test_raises(self) -> None:
        """What a tool raises is error -32000; ToolFailed gives exactly its text and data."""

        def fail(how: str) -> None:
            if how == "own":
                raise ToolFailed("cluster unreachable", {"terminal": True})
            raise ValueError("no such path")

        self.register(fail)
        self.daemon.execute("cb-1", "fail", {"how": "own"})
        error = {"code": -32000, "message": "cluster unreachable", "data": {"terminal": True}}
        self.assertAnswer(id="cb-1", error=error)
        self.daemon.execute("cb-2", "fail", {"how": "other"})
        error = {"code": -32000, "message": "ValueError: no such path"}
        self.assertAnswer(id="cb-2", error=error)

    def test_wrong_parameters(self) -> None:
        """Parameters that do not fit name the one that is wrong."""
        self.register(self.wait)
        self.daemon.execute("cb-1", "wait", {"number": "one"})
        message = "number: expected `int`, got `str`"
        self.assertAnswer(id="cb-1", error={"code": -32000, "message": message})

    def test_not_json(self) -> None:
        """A result that is no JSON value is an error, not a lost answer."""
        self.register(lambda: float("inf"), name="odd")
        self.daemon.execute("cb-1", "odd", {})
        message = "inf is not a JSON number"
        self.assertAnswer(id="cb-1", error={"code": -32000, "message": message})

    def test_too_long(self) -> None:
        """A result beyond the message limit is an error."""
        self.register(lambda: "x" * (17 * 1024 * 1024), name="big")
        self.daemon.execute("cb-1", "big", {})
        self.assertIn("longer than", self.daemon.replies[0]["error"]["message"])

    def test_unknown(self) -> None:
        """A tool or method that nobody registered is -32601."""
        self.daemon.execute("cb-1", "none", {})
        message = "no tool 'none' is registered by this client"
        self.assertAnswer(id="cb-1", error={"code": -32601, "message": message})
        self.daemon.send(id="cb-2", method="agent.chat", params={})
        message = "no handler registered for agent.chat"
        self.assertAnswer(id="cb-2", error={"code": -32601, "message": message})

    def test_cancelled(self) -> None:
        """tools.cancel cancels what runs; no answer follows, and its handlers hear of it."""
        heard: list[Any] = []
        self.client.on("tools.cancel", heard.append)
        self.register(self.wait)
        self.daemon.execute("cb-1", "wait", {"number": 1})
        params = {"request_id": "cb-1", "action_id": "a", "reason": "deadline"}
        self.daemon.send(method="tools.cancel", params=params)
        self.assertTrue(self.waits[1].called)
        self.assertEqual((self.daemon.replies, heard), ([], [params]))
        self.daemon.send(method="tools.cancel", params=params)
        self.daemon.send(method="tools.cancel", params=[])

    def test_queue(self) -> None:
        """Beyond the places calls wait, can be cancelled there, and beyond that are refused."""
        self.patch(link_module, "MAX_RUNNING", 1)
        self.patch(link_module, "MAX_WAITING", 2)
        self.register(self.wait)
        for number in (1, 2, 3, 4):
            self.daemon.execute(f"cb-{number}", "wait", {"number": number})
        self.assertEqual(list(self.waits), [1])
        self.assertIn("busy", self.daemon.replies.pop()["error"]["message"])
        self.daemon.send(method="tools.cancel", params={"request_id": "cb-2"})
        self.waits[1].callback(1)
        self.daemon.flush()
        self.assertEqual(list(self.waits), [1, 3])
        self.daemon.send(method="tools.cancel", params={"request_id": "cb-3"})
        self.assertAnswer(id="cb-1", result=1)

    def test_disconnected(self) -> None:
        """When the connection goes, running tools are cancelled."""
        self.register(self.wait)
        self.daemon.execute("cb-1", "wait", {"number": 1})
        self.daemon.hang_up()
        self.daemon.advance(5)
        self.assertTrue(self.waits[1].called)

    def test_other_requests(self) -> None:
        """on_request answers any method of the daemon."""
        self.client.on_request("agent.chat", lambda params: {"accepted": params["prompt"]})
        self.daemon.send(id="cb-1", method="agent.chat", params={"prompt": "hi"})
        self.assertAnswer(id="cb-1", result={"accepted": "hi"})

    def test_unregister(self) -> None:
        """A tool taken back is unknown."""
        self.daemon.answers["tools.unregister"] = lambda params: {"removed": 1}
        self.register(self.wait)
        done = self.client.unregister_tool("wait")
        self.daemon.flush()
        self.successResultOf(done)
        self.daemon.execute("cb-1", "wait", {"number": 1})
        self.assertEqual(self.daemon.replies[0]["error"]["code"], -32601)
