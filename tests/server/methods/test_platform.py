"""Tests of car.server.methods.platform."""

from typing import Any

from car.server.methods.platform import UNAVAILABLE
from tests.server.methods.calling import MethodTestCase

PERIOD = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
EVENT = {"title": "x", "all_day": True, "notes": "n", "location": "l", "url": "u", **PERIOD}

PARAMS: dict[str, dict[str, Any]] = {
    "calendar.events": {**PERIOD, "calendar_ids": ["a"]},
    "calendar.create_event": {"calendar_id": "c", **EVENT},
    "calendar.update_event": {"event_id": "e", **EVENT},
    "calendar.delete_event": {"event_id": "e"},
    "contacts.find": {"query": "q", "container_ids": ["a"], "limit": 5},
    "mail.inbox": {"account_ids": ["a"]},
    "mail.send": {"account_id": "a", "to": ["b@c"], "subject": "s", "body": "b"},
    "health.sleep": PERIOD,
    "health.workouts": PERIOD,
    "health.activity": {"start": "2026-01-01", "end": "2026-01-02"},
    "messages.chats": {"limit": 5},
    "messages.send": {"recipient": "r", "body": "b", "service_id": "s"},
    "notes.find": {"query": "q", "limit": 5},
    "reminders.items": {"limit": 5},
    "bookmarks.list": {"limit": 5},
}
"""Right params of the methods that take some."""

MEMBERS: dict[str, dict[str, Any]] = {
    "accounts.list": {"provider": "none", "accounts": []},
    "calendar.list": {"backend": "eds", "calendars": []},
    "calendar.events": {"backend": "eds", "events": []},
    "contacts.containers": {"backend": "eds", "containers": []},
    "contacts.find": {"backend": "eds", "contacts": [], "total": 0},
    "mail.accounts": {"backend": "imap_smtp", "accounts": []},
    "mail.inbox": {"backend": "imap_smtp", "summaries": [], "messages": []},
    "mail.send": {"backend": "imap_smtp", "message_id": None, "sent": False},
    "health.sleep": {"backend": "vendor", "windows": []},
    "health.workouts": {"backend": "vendor", "workouts": []},
    "health.activity": {"backend": "vendor", "days": []},
    "messages.services": {"backend": "none", "services": []},
    "messages.chats": {"backend": "none", "chats": []},
    "messages.send": {"backend": "none", "sent": False},
    "notes.accounts": {"backend": "none", "accounts": []},
    "notes.find": {"backend": "none", "notes": []},
    "reminders.lists": {"backend": "none", "lists": []},
    "reminders.items": {"backend": "none", "reminders": []},
    "photos.albums": {"backend": "none", "albums": []},
    "bookmarks.list": {"backend": "none", "bookmarks": []},
    "files.locations": {"backend": "none", "locations": []},
    "keychain.status": {"backend": "none"},
}
"""What the envelopes hold beside ``available`` and ``reason``."""


class PlatformTests(MethodTestCase):
    """The availability envelopes of protocol-integration.md, section 4."""

    def test_envelopes(self) -> None:
        """Each method succeeds and says in its own shape that there is nothing."""
        for name, members in MEMBERS.items():
            answer = self.call(name, PARAMS.get(name))
            reason = answer.pop("reason")
            self.assertEqual(answer, {"available": False, **members})
            self.assertTrue(reason.endswith(".") and reason[0].isupper(), reason)

    def test_health_status(self) -> None:
        """Health says how a source would be paired."""
        answer = self.call("health.status")
        self.assertEqual(list(answer), ["available", "backend", "paired", "guidance", "reason"])
        self.assertEqual((answer["available"], answer["paired"]), (False, False))

    def test_calendar_changes(self) -> None:
        """Changes of events are not made, which is no error."""
        for name in ("calendar.create_event", "calendar.update_event", "calendar.delete_event"):
            self.assertEqual(self.call(name, PARAMS[name]), {"ok": False, "reason": "unavailable"})

    def test_accounts_open(self) -> None:
        """Opening the platform's settings fails in the reference's words."""
        for params in (None, {"account_id": "a"}):
            error = self.error("accounts.open", params)
            self.assertEqual(error["code"], -32603)
            self.assertTrue(error["message"].startswith("accounts backend failed: "))
        self.assertWrongParams("accounts.open", {"account_id": "a"})

    def test_whole_table(self) -> None:
        """Each method of the table is known to these tests."""
        changes = {name for name in UNAVAILABLE if name.endswith("_event")}
        self.assertEqual({*MEMBERS, *changes, "health.status"}, set(UNAVAILABLE))

    def test_wrong_params(self) -> None:
        """Params of wrong types are -32602 by name, whether or not there is a backend."""
        for name in UNAVAILABLE:
            self.assertWrongParams(name, PARAMS.get(name, {}))

    def test_required_params(self) -> None:
        """What is required is missed by name."""
        for name, member in {
            "mail.send": "account_id",
            "calendar.events": "start",
            "calendar.create_event": "calendar_id",
            "calendar.delete_event": "event_id",
            "contacts.find": "query",
            "messages.send": "recipient",
            "notes.find": "query",
            "health.sleep": "start",
        }.items():
            error = self.error(name, {})
            self.assertEqual(error["code"], -32602)
            self.assertIn(member, error["message"])

    def test_documented(self) -> None:
        """Every handler made from the table has its documentation."""
        for name in UNAVAILABLE:
            self.assertIn("Result: ``{", self.methods[name].handler.__doc__ or "")
