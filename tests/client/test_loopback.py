"""The client against the whole daemon, over a real socket."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from car.application import Application, the_reactor
from car.client.backoff import Backoff
from car.client.client import CarClient, connect
from car.client.errors import AuthRefused, Disconnected
from car.policy.rules import PolicyDefinition
from car.server.auth import Authenticator, Credentials, Secret
from car.server.config import ServerStateConfig


class LoopbackTests(TestCase):
    """An Application on a free port, and clients of it."""

    timeout = 30

    def setUp(self) -> Any:
        credentials = Credentials(Secret("sesame"))
        self.application = Application(
            ServerStateConfig(authenticator=Authenticator(credentials)),
            listen=["tcp:0:interface=127.0.0.1"],
            reactor=the_reactor(),
        )
        self.application.startService()
        self.addCleanup(self.application.stopService)
        return self.application.listening

    async def client(self, token: str = "sesame", **options: Any) -> CarClient:
        url = f"ws://127.0.0.1:{self.application.port}/"
        client = await connect(url, reactor=the_reactor(), token=token, environ={}, **options)
        self.addCleanup(client.close)
        return client

    async def test_work(self) -> None:
        """Tools, policies, state, verification and a proposal, as the real daemon has them."""
        client = await self.client()

        async def double(number: int) -> int:
            """Twice the number in the state."""
            factor: int = await client.state_get("factor")
            return number * factor

        await client.state_set("factor", 2)
        schema = await client.register_tool(double)
        self.assertEqual(schema.parameters["required"], ["number"])
        await client.register_policy(
            PolicyDefinition(name="no", rule="deny_tool", target="forbidden")
        )
        call = {"type": "tool_call", "tool": "double", "parameters": {"number": 21}}
        plan = {
            "actions": [
                {"id": "good", **call},
                {"id": "bad", **call, "parameters": {"number": "x"}},
                {"id": "denied", "type": "tool_call", "tool": "forbidden"},
            ]
        }
        report = await client.verify(plan)
        self.assertFalse(report.valid)
        result = await client.submit(plan)
        self.assertEqual(
            [(action.status, action.output) for action in result.results[:1]], [("succeeded", 42)]
        )
        self.assertEqual([action.status for action in result.results[1:]], ["rejected"] * 2)
        self.assertEqual(result.cost.tool_calls, 1)

    async def test_cancelled_tool(self) -> None:
        """A tool beyond its action's budget is cancelled, and the action fails."""
        client = await self.client()
        given_up: Deferred[None] = Deferred()
        waiting: Deferred[None] = Deferred(lambda _: given_up.callback(None))
        await client.register_tool(lambda: waiting, name="wait")
        action = {"id": "a", "type": "tool_call", "tool": "wait", "timeout_ms": 20}
        result = await client.submit({"actions": [action]})
        self.assertEqual(result.results[0].status, "failed")
        await given_up

    async def test_wrong_token(self) -> None:
        """A wrong token is refused."""
        with self.assertRaises(AuthRefused):
            await self.client("other")

    async def test_dropped(self) -> None:
        """A dropped client comes back, and its tools with it."""
        client = await self.client(reconnect=Backoff(initial=0.01))
        await client.register_tool(lambda: "pong", name="ping")
        back: Deferred[None] = Deferred()
        client.on_reconnect(lambda: back.callback(None))
        (session,) = self.application.state.sessions.values()
        session.abort()
        await back
        tools = await client.call("tools.list")
        self.assertIn("ping", [tool["name"] for tool in tools["tools"]])

    async def test_stopping(self) -> None:
        """A daemon that stops says so; later calls fail at once."""
        client = await self.client()
        told: list[Any] = []
        gone: Deferred[str] = Deferred()
        client.on("server.draining", told.append)
        client.on_disconnect(gone.callback)
        stopped = self.application.stopService()
        await gone
        await stopped
        self.assertEqual(len(told), 1)
        with self.assertRaises(Disconnected):
            await client.state_get("k")
