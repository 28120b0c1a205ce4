"""Calendars, contacts, mail and other data of the platform: none here, and said so.

The reference reads them through the frameworks of macOS.  Elsewhere it succeeds with an
envelope that says ``available: false``, and so do we (``protocol-integration.md`` §4), after
a look at the params.
"""

from typing import Any

from msgspec import Struct

from car.ir.json import JsonObject
from car.server.errors import Unsupported
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class AccountId(Struct, frozen=True):
    """An account, or the place where all are set up."""

    account_id: str | None = None


class Events(Struct, frozen=True):
    """Events between two RFC 3339 instants."""

    start: str
    end: str
    calendar_ids: list[str] | None = None


class NewEvent(Struct, frozen=True):
    """An event to make."""

    calendar_id: str
    title: str
    start: str
    end: str
    all_day: bool | None = None
    notes: str | None = None
    location: str | None = None
    url: str | None = None


class ChangedEvent(Struct, frozen=True):
    """What to change of an event; an empty text clears."""

    event_id: str
    calendar_id: str | None = None
    title: str | None = None
    start: str | None = None
    end: str | None = None
    all_day: bool | None = None
    notes: str | None = None
    location: str | None = None
    url: str | None = None


class EventId(Struct, frozen=True):
    """One event."""

    event_id: str


class FindContacts(Struct, frozen=True):
    """Whom to look for."""

    query: str
    container_ids: list[str] | None = None
    limit: int = 50


class Inbox(Struct, frozen=True):
    """Whose mail."""

    account_ids: list[str] | None = None


class Mail(Struct, frozen=True):
    """A mail to send."""

    account_id: str
    to: list[str] | None = None
    subject: str | None = None
    body: str | None = None


class Period(Struct, frozen=True):
    """From when to when: RFC 3339, or a date for ``health.activity``."""

    start: str
    end: str


class HowMany(Struct, frozen=True):
    """How many rows at most."""

    limit: int | None = None


class Message(Struct, frozen=True):
    """A chat message to send."""

    recipient: str
    body: str
    service_id: str | None = None


class FindNotes(Struct, frozen=True):
    """Which notes."""

    query: str
    limit: int = 50


def _envelope(backend: str, reason: str, **members: Any) -> JsonObject:
    return {"available": False, "backend": backend, **members, "reason": reason}


def _calendar(**members: Any) -> JsonObject:
    return _envelope("eds", "This daemon has no access to calendars.", **members)


def _contacts(**members: Any) -> JsonObject:
    return _envelope("eds", "This daemon has no access to contacts.", **members)


def _mail(**members: Any) -> JsonObject:
    return _envelope("imap_smtp", "No mail account is set up in this daemon.", **members)


def _health(**members: Any) -> JsonObject:
    return _envelope("vendor", "No source of health data is paired with this daemon.", **members)


def _app(name: str, **members: Any) -> JsonObject:
    return _envelope("none", f"{name} can be read on macOS only.", **members)


_EVENT_UNAVAILABLE: JsonObject = {"ok": False, "reason": "unavailable"}

UNAVAILABLE: dict[str, tuple[type[Struct], JsonObject]] = {
    "accounts.list": (
        NoParams,
        {
            "available": False,
            "provider": "none",
            "accounts": [],
            "reason": "This daemon has no access to the accounts of the platform.",
        },
    ),
    "calendar.list": (NoParams, _calendar(calendars=[])),
    "calendar.events": (Events, _calendar(events=[])),
    "calendar.create_event": (NewEvent, _EVENT_UNAVAILABLE),
    "calendar.update_event": (ChangedEvent, _EVENT_UNAVAILABLE),
    "calendar.delete_event": (EventId, _EVENT_UNAVAILABLE),
    "contacts.containers": (NoParams, _contacts(containers=[])),
    "contacts.find": (FindContacts, _contacts(contacts=[], total=0)),
    "mail.accounts": (NoParams, _mail(accounts=[])),
    "mail.inbox": (Inbox, _mail(summaries=[], messages=[])),
    "mail.send": (Mail, _mail(message_id=None, sent=False)),
    "health.status": (
        NoParams,
        _health(paired=False, guidance="Health data comes from a phone paired on macOS."),
    ),
    "health.sleep": (Period, _health(windows=[])),
    "health.workouts": (Period, _health(workouts=[])),
    "health.activity": (Period, _health(days=[])),
    "messages.services": (NoParams, _app("Messages", services=[])),
    "messages.chats": (HowMany, _app("Messages", chats=[])),
    "messages.send": (Message, _app("Messages", sent=False)),
    "notes.accounts": (NoParams, _app("Notes", accounts=[])),
    "notes.find": (FindNotes, _app("Notes", notes=[])),
    "reminders.lists": (NoParams, _app("Reminders", lists=[])),
    "reminders.items": (HowMany, _app("Reminders", reminders=[])),
    "photos.albums": (NoParams, _app("Photos", albums=[])),
    "bookmarks.list": (HowMany, _app("Bookmarks", bookmarks=[])),
    "files.locations": (NoParams, _app("File locations", locations=[])),
    "keychain.status": (NoParams, _app("The keychain")),
}
"""The params of each method, and what it answers."""


def _register(name: str, params_type: type[Struct], answer: JsonObject) -> None:
    def unavailable(session: ClientSession, params: Any) -> JsonObject:
        return answer

    unavailable.__annotations__["params"] = params_type
    unavailable.__doc__ = (
        "Not available on this platform: succeeds and says so, after a look at the params.\n\n"
        f"Result: ``{{{', '.join(answer)}}}``.  Errors: -32602."
    )
    method(name)(unavailable)


for _name, (_params, _answer) in UNAVAILABLE.items():
    _register(_name, _params, _answer)


@method("accounts.open")
def accounts_open(session: ClientSession, params: AccountId) -> JsonObject:
    """Open the platform's settings for accounts: there are none here.

    Params: ``account_id?``.  Errors: -32603, always.
    """
    raise Unsupported("accounts backend failed: this platform has no account settings to open")
