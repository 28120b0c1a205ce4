"""Tests of car.server.session: what stands in the journal, and when it cannot."""

from typing import Any

from tests.server.doubles import (
    Peer,
    QueuedThread,
    ServerCase,
    submission,
    tool_call,
)


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
