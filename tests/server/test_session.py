"""Tests of car.server.session: one connection from its opening to its end."""

import json
from typing import Any

from zope.interface.verify import verifyObject

from car.ir.json import encode
from car.proto import codes
from car.server.auth import Authenticator, Credentials, Role, Secret
from car.server.interfaces import IConnectionSession
from car.server.limits import Limits
from car.server.registry import Method, NoParams, load_methods
from tests.server.doubles import (
    TOKEN,
    Peer,
    QueuedThread,
    ServerCase,
    state_write,
    submission,
    tool_call,
)


class ToolCallTests(ServerCase):
    """Proposals whose tools the client runs."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()
        self.client.call("tools.register", [{"name": "lint"}, {"name": "deploy"}])

    def test_interface(self) -> None:
        """It is what a connection expects behind itself."""
        verifyObject(IConnectionSession, self.client.session)

    def test_round_trip(self) -> None:
        """A proposal asks for its tools by callbacks and ends with the results."""
        self.client.send("proposal.submit", submission(tool_call("a1"), tool_call("a2")), id=20)
        (asked,) = self.client.new()
        self.assertEqual((asked["id"], asked["method"]), ("cb-1", "tools.execute"))
        self.assertEqual(asked["params"]["session_id"], self.client.session.client_id)
        (asked,) = self.client.reply("cb-1", {"warnings": 0})
        self.assertEqual((asked["id"], asked["params"]["action_id"]), ("cb-2", "a2"))
        (answer,) = self.client.refuse("cb-2", "cluster unreachable")
        results = answer["result"]["results"]
        self.assertEqual([r["status"] for r in results], ["succeeded", "failed"])
        self.assertEqual(results[0]["output"], {"warnings": 0})
        self.assertEqual(results[1]["error"], "cluster unreachable")
        self.assertEqual(answer["result"]["cost"]["tool_calls"], 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answer_of_both_and_neither(self) -> None:
        """An answer with an error is a failure, whatever else it has; so is an empty one."""
        action = tool_call("a", failure_behavior="skip")
        for members, error in (
            ({"error": {"message": "no"}, "result": 1}, "no"),
            ({"error": None}, "the client answered with neither result nor error"),
        ):
            self.client.send("proposal.submit", submission(action), id="p")
            id = self.client.new()[-1]["id"]
            (answer,) = self.client.turn(encode({"id": id, **members}))
            self.assertEqual(answer["result"]["results"][0]["error"], error)

    def test_odd_answers(self) -> None:
        """Answers to nothing are dropped without a word, and the call goes on."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        for id in (1, 1.5, "cb-2", "cb-01", "", "p"):
            self.assertEqual(self.client.turn(encode({"id": id, "result": 1})), [])
        (answer,) = self.client.reply("cb-1", 2)
        self.assertEqual(answer["result"]["results"][0]["output"], 2)
        self.assertEqual(self.client.reply("cb-1", 3), [])

    def test_unreadable_answer(self) -> None:
        """An answer with a number out of range fails the tool, not the daemon."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        (answer,) = self.client.turn(b'{"jsonrpc":"2.0","id":"cb-1","result":[1e400]}')
        result = answer["result"]["results"][0]
        self.assertEqual(result["status"], "failed")
        self.assertIn("out of range", result["error"])

    def test_shuffled_proposals(self) -> None:
        """Fifty proposals at once are answered each with its own output."""
        for n in range(50):
            self.client.send("proposal.submit", submission(tool_call("a")), id=n)
        for n in (n * 37 % 50 for n in range(50)):
            (answer,) = [f for f in self.client.reply(f"cb-{n + 1}", n) if f["id"] == n]
            self.assertEqual(answer["result"]["results"][0]["output"], n)

    def test_nested_calls(self) -> None:
        """A client may call us from inside a callback."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        self.assertEqual(self.client.call("state.set", {"key": "k", "value": 1}), "ok")
        self.client.send("proposal.submit", submission(tool_call("b")), id="q")
        self.assertEqual(self.client.reply("cb-2", "inner")[-1]["id"], "q")
        self.assertEqual(self.client.reply("cb-1", "outer")[-1]["id"], "p")

    def test_foreign_answer(self) -> None:
        """Another connection's answer to the same id resolves nothing of ours (T8)."""
        self.client.send("proposal.submit", submission(tool_call("a")), id="p")
        self.client.new()
        other = self.peer()
        self.assertEqual(other.reply("cb-1", "forged"), [])
        self.assertEqual(self.client.new(), [])
        (answer,) = self.client.reply("cb-1", "true")
        self.assertEqual(answer["result"]["results"][0]["output"], "true")

    def test_timeout(self) -> None:
        """A call without an answer fails at its time; the client is told; late is ignored."""
        self.client.send("proposal.submit", submission(tool_call("a", timeout_ms=500)), id="p")
        self.client.new()
        self.later(0.5)
        self.later()
        cancel, answer = self.client.new()
        self.assertEqual(
            (cancel["method"], cancel["params"]["reason"]), ("tools.cancel", "deadline")
        )
        result = answer["result"]["results"][0]
        self.assertEqual(result["error"], "tool 'lint' callback timed out (500 ms)")
        self.assertEqual(self.client.reply("cb-1", 1), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lost(self) -> None:
        """A lost connection ends its proposals, undoes their state and leaves nothing."""
        self.client.call("state.set", {"key": "k", "value": 1})
        runtime = self.client.session.runtime
        self.client.send("proposal.submit", submission(state_write("w", "k", 2), tool_call("a")))
        self.assertEqual(runtime.state.get("k"), 2)
        self.client.lose("reset")
        self.assertEqual((runtime.running, runtime.state.get("k")), (0, 1))
        self.assertEqual(self.state.sessions, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.client.lose("again")

    def test_frames_after_the_end(self) -> None:
        """Whatever comes after the end is ignored."""
        self.client.lose()
        self.assertEqual(self.client.turn(b'{"id":1,"method":"state.keys"}', b"nope"), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class DecoderTests(ServerCase):
    """The decoder's table (``reliability.md`` §4), through a session."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def tearDown(self) -> None:
        """Whatever was sent, the session lives on."""
        self.assertEqual(self.client.call("state.exists", {"key": "never"}), False)

    def code(self, payload: bytes) -> int:
        """The error code of the one answer to *payload*."""
        (answer,) = self.client.turn(payload)
        code = answer["error"]["code"]
        assert isinstance(code, int)
        return code

    def set_to(self, text: bytes) -> bytes:
        """A ``state.set`` of the JSON text *text*."""
        return b'{"id":1,"method":"state.set","params":{"key":"k","value":%b}}' % text

    def test_not_json(self) -> None:
        """NaN, lone surrogates, BOMs and UTF-16 are no JSON."""
        self.assertEqual(self.code(self.set_to(b"NaN")), -32700)
        self.assertEqual(self.code(self.set_to(b"-Infinity")), -32700)
        self.assertEqual(self.code(self.set_to(b'"\\ud800"')), -32700)
        self.assertEqual(self.code(b"\xef\xbb\xbf" + self.set_to(b"1")), -32700)
        self.assertEqual(self.code(self.set_to(b"1").decode().encode("utf-16")), -32700)

    def test_numbers_out_of_range(self) -> None:
        """1e400 and an integer of 5,000 digits are JSON beyond the limits."""
        for number in (b"1e400", b"-1e400", b"7" * 5000, b'{"a":[%b]}' % (b"7" * 5000)):
            self.assertEqual(self.code(self.set_to(number)), -32600)

    def test_large_integers(self) -> None:
        """Integers up to 4,300 digits keep every digit."""
        for digits in (b"12345678901234567890123", b"-" + b"9" * 23, b"8" * 4300):
            self.assertEqual(self.client.turn(self.set_to(digits))[0]["result"], "ok")
            self.client.turn(b'{"id":2,"method":"state.get","params":{"key":"k"}}')
            answer = self.client.connection.writes[-1][0]
            self.assertEqual(answer, b'{"jsonrpc":"2.0","id":2,"result":%b}' % digits)

    def test_nesting(self) -> None:
        """A message nests 256 levels at most; two of them are the envelope and the params."""
        for depth, code in ((254, None), (255, -32600), (1100, -32600), (100_000, -32600)):
            (answer,) = self.client.turn(self.set_to(b"[" * depth + b"]" * depth))
            self.assertEqual(answer.get("error", {}).get("code"), code)
        value = self.client.call("state.get", {"key": "k"})
        for _ in range(253):
            (value,) = value
        self.assertEqual(value, [])

    def test_duplicate_keys(self) -> None:
        """The last wins, in the envelope, in params and in values."""
        self.client.turn(
            b'{"id":1,"method":"nope","method":"state.set",'
            b'"params":{"key":"a","key":"k","value":{"x":1,"x":2}}}'
        )
        self.assertEqual(self.client.call("state.get", {"key": "k"}), {"x": 2})

    def test_text(self) -> None:
        """Any text comes back as it went: control characters, separators, beyond the BMP."""
        for text in ("\x00\x1b[31m", "\u2028\u2029", "🦉", '\n\r\t"\\', "\x7f", ""):
            self.client.call("state.set", {"key": text, "value": text})
            self.assertEqual(self.client.call("state.get", {"key": text}), text)

    def test_numbers(self) -> None:
        """Numbers keep their kind: 1 and 1.0 differ."""
        for number in (1, 1.0, -0.0, 5e-324, 1.7976931348623157e308, 2**63, 2**64, -(2**70)):
            self.client.call("state.set", {"key": "k", "value": number})
            value = self.client.call("state.get", {"key": "k"})
            self.assertEqual((value, type(value)), (number, type(number)))

    def test_no_traces(self) -> None:
        """No answer to anything odd tells a file, a line or a traceback (T19)."""
        for payload in (
            b"", b"[]", b"{}", b"1", b'{"id":null}', b'{"id":{},"method":"x"}',
            b'{"id":1,"method":"state.get","params":"x"}', self.set_to(b"1e400"),
            b'{"id":1,"method":"proposal.submit","params":{"proposal":{"actions":7}}}',
        ):  # fmt: skip
            (answer,) = self.client.turn(payload)
            told = json.dumps(answer)
            for trace in ("Traceback", "/", ".py", "object at"):
                self.assertNotIn(trace, told)


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


class JournalTests(ServerCase):
    """What a session puts into its journal, and when it cannot (G1, G5, G11)."""

    def kinds(self, client: Peer) -> list[str]:
        return [line["kind"] for line in self.journal_of(client)]

    def test_no_file(self) -> None:
        """A connection that does nothing leaves no file."""
        directory = self.serve_journaled()
        client = self.peer()
        client.call("state.keys")
        client.call("events.count")
        client.lose()
        self.assertEqual(list(directory.glob("*.jsonl")), [])

    def test_lines(self) -> None:
        """The first line opens the record, the last closes it; numbers have no gap."""
        self.serve_journaled()
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        client.call("policy.register", {"name": "n", "rule": "deny_tool", "target": "x"})
        client.call("state.set", {"key": "k", "value": [1]})
        client.call("state.set", {"key": "k", "value": 2, "tenant_id": "t"})
        client.call("replan.set_config", {"max_replans": 1})
        client.call("events.chain.enable")
        client.lose("the peer went away")
        lines = self.journal_of(client)
        self.assertEqual(
            self.kinds(client),
            [
                "record_opened",
                "record_tools",
                "record_policy",
                "record_state",
                "record_state",
                "record_settings",
                "record_settings",
                "record_closed",
            ],
        )
        self.assertEqual([line["id"] for line in lines], [f"e-{n}" for n in range(1, 9)])
        opened = lines[0]["data"]
        self.assertEqual((opened["format"], opened["client_id"]), (1, client.session.client_id))
        self.assertEqual(opened["settings"]["tool_timeout"], 60.0)
        self.assertEqual(opened["file_policies"], [])
        self.assertEqual(lines[1]["data"]["registered"][0]["name"], "lint")
        self.assertEqual(lines[3]["data"], {"key": "k", "value": [1]})
        self.assertEqual(lines[4]["data"], {"key": "k", "value": 2, "tenant_id": "t"})
        self.assertEqual(lines[7]["data"], {"reason": "the peer went away"})
        self.assertIn("hash", lines[7])

    def test_before_the_call(self) -> None:
        """action_executing with the request id is in the file before the call leaves (G5)."""
        self.serve_journaled()
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        seen: list[list[str]] = []
        self.patch(client.connection, "send_messages", lambda _: seen.append(self.kinds(client)))
        client.send("proposal.submit", submission(tool_call("a")))
        self.assertEqual(
            seen[-1][-3:], ["proposal_received", "action_validated", "action_executing"]
        )
        self.assertEqual(self.journal_of(client)[-1]["data"]["request_id"], "cb-1")
        client.reply("cb-1", 1)
        self.assertEqual(seen[-1][-2:], ["action_succeeded", "record_finished"])

    def break_journal(self, client: Peer) -> Any:
        """Let the next write of the client's journal fail; mend it with the result."""
        journal: Any = client.session._journal

        def fail() -> None:
            raise OSError(28, "No space left on device")

        write = journal._write_lines
        journal._write_lines = fail
        return lambda: setattr(journal, "_write_lines", write)

    def test_failure_and_recovery(self) -> None:
        """While the disk is full nothing is done that could not be recorded; then it goes on."""
        self.serve_journaled()
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        client.call("state.set", {"key": "k", "value": 1})
        mend = self.break_journal(client)
        self.assertEqual(
            client.error("state.set", {"key": "k", "value": 2})["data"], {"code": "journal"}
        )
        for method, params in (
            ("state.set", {"key": "k", "value": 3}),
            ("tools.register", [{"name": "x"}]),
            ("tools.unregister", {"name": "lint"}),
            ("policy.register", {"name": "n", "rule": "deny_tool", "target": "x"}),
            ("policy.unregister", {"name": "n"}),
            ("session.init", {}),
            ("replan.set_config", {"max_replans": 1}),
            ("events.chain.enable", {}),
            ("proposal.submit", submission(tool_call("a"))),
        ):
            error = client.error(method, params)
            self.assertEqual((error["code"], error["data"]), (-32603, {"code": "journal"}), method)
        self.assertEqual(client.call("tools.list")["count"], 1)
        self.assertEqual(client.call("policy.list")["policies"], [])
        assert self.state.journals is not None
        self.assertIsNotNone(self.state.journals.trouble)
        mend()
        self.later(1)
        self.assertIsNone(self.state.journals.trouble)
        self.assertEqual(client.call("state.set", {"key": "k", "value": 4}), "ok")
        values = [
            x["data"]["value"] for x in self.journal_of(client) if x["kind"] == "record_state"
        ]
        self.assertEqual((values[0], values[-1]), (1, 4))

    def test_failure_under_way(self) -> None:
        """A call that could not be recorded does not leave; its action fails, honestly."""
        self.serve_journaled()
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        self.break_journal(client)
        id = client.send("proposal.submit", submission(tool_call("a")))
        self.later()
        (answer,) = client.new()
        self.assertEqual((answer["id"], answer["error"]["data"]), (id, {"code": "journal"}))
        self.assertEqual(client.session.runtime.running, 0)
        self.assertEqual(client.session.channel.pending_count, 0)

    def test_power(self) -> None:
        """With durability power an answer waits for its sync; answers to reads stay in order."""
        self.clock.pool = pool = QueuedThread()
        self.serve_journaled(durability="power")
        client = self.peer()
        client.send("state.set", {"key": "k", "value": 1}, id=1)
        client.send("state.get", {"key": "k"}, id=2)
        self.assertEqual(client.new(), [])
        pool.run()
        self.assertEqual([frame["id"] for frame in client.new()], [1, 2])


class LimitTests(ServerCase):
    """Limits of one session that are told as wrong params."""

    def test_state(self) -> None:
        """Keys and octets are bounded."""
        self.serve(limits=Limits(state_keys=2, state_bytes=100))
        client = self.peer()
        for key in "ab":
            client.call("state.set", {"key": key, "value": 1})
        for params in ({"key": "c", "value": 1}, {"key": "a", "value": "x" * 100}):
            self.assertEqual(client.error("state.set", params)["code"], -32602)
        self.assertEqual(client.call("state.snapshot"), {"a": 1, "b": 1})

    def test_pending_callbacks(self) -> None:
        """Calls beyond the limit wait for a place and then leave."""
        self.serve(limits=Limits(pending_callbacks=1))
        client = self.peer()
        client.call("tools.register", [{"name": "lint"}])
        actions = [tool_call(f"a{n}", failure_behavior="skip") for n in range(3)]
        client.send("proposal.submit", submission(*actions), id="p")
        client.new()
        for n in (1, 2):
            (asked,) = client.reply(f"cb-{n}", n)
            self.assertEqual(asked["id"], f"cb-{n + 1}")
        (answer,) = client.reply("cb-3", 3)
        self.assertEqual([r["output"] for r in answer["result"]["results"]], [1, 2, 3])
