"""``car meeting``: the meetings that were held, and what was said in them.

The daemon is asked where one runs; without one the files are read.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from car.cli.daemon import add_daemon_arguments, run_with_daemon
from car.cli.errors import OK, Unreachable
from car.cli.texts import print_json, print_table
from car.client.client import CarClient
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue, to_value
from car.meeting.files import MeetingFiles
from car.server.meetings import meetings_directory
from car.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car meeting``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    list_ = commands.add_parser("list", help="a line for each meeting, the oldest first")
    list_.set_defaults(run=list_meetings)
    show_ = commands.add_parser("show", help="what was said in a meeting, and its summary")
    show_.add_argument("id", metavar="ID")
    show_.set_defaults(run=show)
    for command in (list_, show_):
        command.add_argument(
            "--root", metavar="DIR", help="the project whose meetings are meant [the daemon's own]"
        )
        add_daemon_arguments(command)


def list_meetings(options: argparse.Namespace) -> int:
    """Print a line a meeting."""
    found: JsonObject | None = _ask(options, "meeting.list", {})
    if found is None:
        files = _files(options)
        meetings = to_value(files.all())
        ids = [meeting["id"] for meeting in meetings]
        found = {"meetings": meetings, "ids": ids, "root": str(files.root)}
    if options.json:
        print_json(found)
    elif found["meetings"]:
        print_table(
            (
                str(meeting["id"]),
                _minute(meeting["started_at"]),
                "not ended" if meeting["ended_at"] is None else _minute(meeting["ended_at"]),
                ", ".join(map(str, meeting["sources"])),
                meeting["title"] or "",
            )
            for meeting in found["meetings"]
        )
    return OK


def show(options: argparse.Namespace) -> int:
    """Print a meeting: what is known of it, who said what, the summary."""
    record: JsonObject | None = _ask(options, "meeting.get", {"meeting_id": options.id})
    if record is None:
        record = _stored(options)
    if options.json:
        print_json(record)
        return OK
    title = record["title"] or record["id"]
    ended = "not ended" if record["ended_at"] is None else f"to {_minute(record['ended_at'])}"
    print(printable(f"{title}: {_minute(record['started_at'])} {ended}"))
    for line in record["transcript"]:
        minutes, seconds = divmod(line["offset_ms"] // 1000, 60)
        print(printable(f"{minutes:02d}:{seconds:02d}  {line['speaker']}: {line['text']}"))
    if record["summary"]:
        print()
        for text in record["summary"].splitlines():
            print(printable(text))
    return OK


def _ask(options: argparse.Namespace, method: str, params: JsonObject) -> Any:
    """What the daemon answers; None where there is none and none was named."""
    if options.root is not None:
        params = {**params, "root": os.path.abspath(options.root)}

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        return await client.call(method, params)

    try:
        return run_with_daemon(options.url, work)
    except Unreachable:
        if options.url is not None:
            raise
        return None


def _stored(options: argparse.Namespace) -> JsonObject:
    record: JsonObject = to_value(_files(options).read(options.id))
    return record


def _files(options: argparse.Namespace) -> MeetingFiles:
    """The files that a daemon started here would have; raises SettingsError."""
    default = load({}, os.environ, Path.cwd()).meetings_root
    root = None if options.root is None else os.path.abspath(options.root)
    return MeetingFiles(meetings_directory(root, default))


def _minute(instant: str) -> str:
    """An RFC 3339 instant without its seconds."""
    return instant[:16].replace("T", " ")
