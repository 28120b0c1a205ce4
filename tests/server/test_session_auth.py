"""Tests of car.server.session: authentication, and connections without it."""

from typing import Any

from car.ir.json import encode
from car.proto import codes
from car.server.auth import Authenticator, Credentials, Role, Secret
from car.server.registry import Method, NoParams, load_methods
from tests.server.doubles import (
    TOKEN,
    Peer,
    ServerCase,
)


class AuthenticationTests(ServerCase):
    """session.auth, and what comes before it."""

    def setUp(self) -> None:
        super().setUp()
        self.serve(auth=True)

    def host_token(self) -> str:
        assert self.credentials is not None
        return self.credentials.host_token.reveal()

    def assertClosed(self, peer: Peer, code: int = codes.CLOSE_UNAUTHENTICATED) -> None:
        self.assertIsNotNone(peer.connection.closed)
        assert peer.connection.closed is not None
        self.assertEqual(peer.connection.closed[0], code)

    def test_every_method(self) -> None:
        """Every method but session.auth is -32001 without it, then closed with 4401 (T4)."""
        for name, entry in load_methods().items():
            if entry.open:
                self.assertEqual(name, "session.auth")
                continue
            client = self.peer()
            error = client.error(name)
            self.assertEqual(error["code"], codes.AUTH_REQUIRED, name)
            self.assertTrue(error["message"].startswith("auth required: "))
            self.assertClosed(client)
            client.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_other_messages(self) -> None:
        """Unknown methods, notifications, answers and binary close as well."""
        for payload, answered in (
            (b'{"id":1,"method":"no.such"}', True),
            (b'{"method":"state.keys"}', False),
            (b'{"id":"cb-1","result":1}', False),
        ):
            client = self.peer()
            frames = client.turn(payload)
            self.assertEqual(len(frames), int(answered))
            self.assertClosed(client)
        client = self.peer()
        client.session.binary_received(b"\x00" * 26)
        self.assertClosed(client)

    def test_nothing_after_a_refusal(self) -> None:
        """What stands behind the refused message in the same turn is not looked at."""
        client = self.peer()
        good = encode({"id": 2, "method": "session.auth", "params": {"token": TOKEN}})
        self.assertEqual(len(client.turn(b'{"id":1,"method":"state.keys"}', good)), 1)
        self.assertFalse(client.session.authenticated)

    def test_token(self) -> None:
        """The daemon's token lifts the limits; no host rights come with it."""
        client = self.peer()
        self.assertEqual(client.connection.limits_raised, [])
        answer = client.call("session.auth", {"token": TOKEN})
        self.assertEqual(answer, {"ok": True, "auth_enabled": True})
        self.assertEqual(client.connection.limits_raised, [True])
        self.assertEqual(
            (client.session.role, client.session.has_host_rights), (Role.UNBOUND, False)
        )
        self.assertEqual(client.call("state.keys"), [])
        self.later(3600)
        self.assertIsNone(client.connection.closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_host_token(self) -> None:
        """The host token gives the host role."""
        client = self.peer()
        answer = client.call("session.auth", {"host_token": self.host_token()})
        self.assertEqual(answer, {"ok": True, "auth_enabled": True, "role": "host"})
        self.assertTrue(client.session.has_host_rights)

    def test_wrong_kind(self) -> None:
        """Neither token counts as the other (T7)."""
        for params in ({"token": self.host_token()}, {"host_token": TOKEN}):
            error = self.peer().error("session.auth", params)
            self.assertEqual(error["message"], "auth failed: token mismatch")

    def test_namespace(self) -> None:
        """The memory namespace is kept and echoed, with either token."""
        for token in ({"token": TOKEN}, {"host_token": self.host_token()}):
            client = self.peer()
            answer = client.call("session.auth", {**token, "memory_namespace": "shop-7"})
            self.assertEqual(answer["memory_namespace"], "shop-7")
            self.assertEqual(client.session.memory_namespace, "shop-7")

    def test_agent(self) -> None:
        """An agent that nobody supervises here is refused, though the token be right."""
        client = self.peer()
        error = client.error("session.auth", {"token": TOKEN, "agent_id": "mender"})
        self.assertEqual(error["code"], -32603)
        self.assertIn("mender", error["message"])
        self.assertFalse(client.session.authenticated)
        self.assertIsNone(client.session.agent_id)

    def test_supervised_agent(self) -> None:
        """An agent with its own token is bound to its id."""
        credentials = Credentials(Secret(TOKEN))
        self.state.config.authenticator._credentials = credentials
        self.patch(
            Authenticator, "check_agent", lambda self, id, token: (id, token) == ("mender", "own")
        )
        client = self.peer()
        answer = client.call("session.auth", {"token": "own", "agent_id": "mender"})
        self.assertEqual(answer["agent_id"], "mender")
        self.assertEqual(client.session.role, Role.AGENT)
        wrong = {"token": TOKEN, "agent_id": "mender"}
        self.assertIn("mismatch", self.peer().error("session.auth", wrong)["message"])

    def test_without_token(self) -> None:
        """Params without any token name the member; the connection stays open."""
        client = self.peer()
        for params in (None, {}, {"token": None}, {"agent_id": "x"}):
            error = client.error("session.auth", params)
            self.assertEqual(error["code"], -32602)
            self.assertIn("token", error["message"])
        self.assertIsNone(client.connection.closed)

    def test_wrong_tokens(self) -> None:
        """A wrong token is -32603 and leaves the connection open; the fifth closes it."""
        client = self.peer()
        for n, params in enumerate(
            ({"token": ""}, {"token": "x" * 43}, {"host_token": "y"}, {"token": TOKEN + "x"})
        ):
            error = client.error("session.auth", params)
            self.assertEqual(
                (error["code"], error["message"]), (-32603, "auth failed: token mismatch")
            )
            self.later()
            self.assertIsNone(client.connection.closed, n)
        client.error("session.auth", {"token": "z"})
        self.later()
        self.assertClosed(client)
        self.assertEqual(client.turn(b'{"id":1,"method":"session.auth"}'), [])

    def test_right_after_wrong(self) -> None:
        """A right token after a wrong one will do."""
        client = self.peer()
        client.error("session.auth", {"token": "wrong"})
        self.assertTrue(client.call("session.auth", {"token": TOKEN})["ok"])

    def test_no_token_in_answers(self) -> None:
        """No answer repeats a token (T3)."""
        client = self.peer()
        client.answer("session.auth", {"token": "guess-1234"})
        client.answer("session.auth", {"token": TOKEN})
        told = b"".join(frame for write in client.connection.writes for frame in write)
        self.assertNotIn(TOKEN.encode(), told)
        self.assertNotIn(b"guess-1234", told)

    def test_time(self) -> None:
        """Ten seconds are given to authenticate."""
        client = self.peer()
        self.later(9.9)
        self.assertIsNone(client.connection.closed)
        self.later(0.1)
        self.assertClosed(client)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lost_before(self) -> None:
        """A connection that goes before takes its timer along."""
        self.peer().lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_too_many_messages(self) -> None:
        """Twenty messages may come before authentication, malformed ones included."""
        client = self.peer()
        for _ in range(20):
            self.assertEqual(len(client.turn(b"nope")), 1)
        self.assertIsNone(client.connection.closed)
        self.assertEqual(client.turn(b"nope"), [])
        self.assertClosed(client, codes.CLOSE_POLICY)

    def test_host_only(self) -> None:
        """A host-only method needs the host role where there is one to be had."""

        def handler(session: Any, params: NoParams) -> str:
            return "done"

        entry = Method("test.host", handler, host_only=True, open=False)
        self.state.methods = {**self.state.methods, "test.host": entry}
        plain, host = self.peer(), self.peer()
        plain.call("session.auth", {"token": TOKEN})
        host.call("session.auth", {"host_token": self.host_token()})
        error = plain.error("test.host")
        self.assertEqual(error["code"], -32603)
        self.assertIn("host token", error["message"])
        self.assertEqual(host.call("test.host"), "done")
        self.serve()
        self.state.methods = {**self.state.methods, "test.host": entry}
        self.assertEqual(self.peer().call("test.host"), "done")

    def test_subscribe_before_handshake(self) -> None:
        """An authenticated host shakes hands first; without authentication nobody must."""
        client = self.peer()
        client.call("session.auth", {"token": TOKEN})
        self.assertEqual(client.error("host.subscribe")["code"], codes.HANDSHAKE_REQUIRED)
        client.call("server.handshake", {"protocol_version": 3})
        self.assertTrue(client.call("host.subscribe")["subscribed"])
        self.serve()
        self.assertTrue(self.peer().call("host.subscribe")["subscribed"])


class OpenModeTests(ServerCase):
    """A daemon without authentication (decision 7)."""

    def test_anything_will_do(self) -> None:
        """session.auth accepts whatever is shown and says that nobody asked."""
        for params, more in (
            (None, {}),
            ({"token": "x"}, {}),
            ({"host_token": "x"}, {"role": "host"}),
            ({"token": "x", "agent_id": "a"}, {"agent_id": "a"}),
            ({"memory_namespace": "n"}, {"memory_namespace": "n"}),
        ):
            answer = self.peer().call("session.auth", params)
            self.assertEqual(answer, {"ok": True, "auth_enabled": False, **more})

    def test_limits(self) -> None:
        """The full size is allowed from the start, and silence is forgiven (decision 8)."""
        client = self.peer()
        self.assertEqual(client.connection.limits_raised, [False])
        for _ in range(50):
            client.turn(b"nope")
        self.assertIsNone(client.connection.closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_binary(self) -> None:
        """Binary that nobody waits for is dropped."""
        client = self.peer()
        client.session.binary_received(b"anything")
        self.assertEqual((client.new(), client.connection.closed), ([], None))
