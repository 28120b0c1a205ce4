"""Tests of car meeting: what is printed of a told daemon's answers, of files, of a real one's."""

import json
from pathlib import Path

from car.cli import meeting
from car.cli.errors import Unreachable
from car.client.errors import RpcError
from car.ir.json import JsonObject, to_value
from car.meeting.files import MeetingFiles
from car.meeting.records import MeetingMetadata
from tests.cli.running import CommandCase, DaemonCase
from tests.cli.telling import ToldCase
from tests.meeting.doubles import line

HELD = MeetingMetadata(
    id="weekly-7",
    title="Budget",
    started_at="2026-03-04T05:00:00.000000Z",
    ended_at="2026-03-04T05:31:00.000000Z",
    sources=["mic", "system"],
    summary="## Decisions\n\x1b[2Jnone",
)
GOING = MeetingMetadata(id="x", started_at="2026-03-05T05:00:00.000000Z", sources=["mic"])

LISTED = (
    "weekly-7  2026-03-04 05:00  2026-03-04 05:31  mic, system  Budget\n"
    "x         2026-03-05 05:00  not ended         mic\n"
)
SHOWN = (
    "Budget: 2026-03-04 05:00 to 2026-03-04 05:31\n"
    "01:05  ada: Grace sends it.\n"
    "\n"
    "## Decisions\n"
    "\\u{1b}[2Jnone\n"
)


def store(root: Path) -> None:
    """Keep both meetings under *root*."""
    for metadata in (HELD, GOING):
        transcript = MeetingFiles(root).create(metadata)
        transcript.append(line(offset_ms=65_000, speaker="ada", text="Grace sends it."))
        transcript.close()


class ToldTests(ToldCase):
    """A daemon that says what it is told to."""

    module = meeting

    def setUp(self) -> None:
        super().setUp()
        files = MeetingFiles(self.directory / "meetings")
        store(files.root)
        listed = [_plain(metadata) for metadata in files.all()]
        self.client.answers["meeting.list"] = {"meetings": listed, "ids": [], "root": "/r"}
        self.client.answers["meeting.get"] = _plain(files.read("weekly-7"))

    def test_list(self) -> None:
        """A line a meeting."""
        self.assertEqual(self.run_here("meeting", "list"), (0, LISTED, ""))
        self.assertEqual(self.client.calls, [("meeting.list", {})])
        self.client.answers["meeting.list"] = {"meetings": [], "ids": [], "root": "/r"}
        self.assertEqual(self.run_here("meeting", "list"), (0, "", ""))

    def test_show(self) -> None:
        """Who said what, then the summary; nothing that could steer a terminal."""
        self.assertEqual(self.run_here("meeting", "show", "weekly-7"), (0, SHOWN, ""))
        self.run_here("meeting", "show", "x", "--root", "/srv/proj")
        asked = {"meeting_id": "x", "root": "/srv/proj"}
        self.assertEqual(self.client.calls[-1], ("meeting.get", asked))

    def test_json(self) -> None:
        """What the daemon said, on a line."""
        ended = self.run_here("meeting", "list", "--json")
        self.assertEqual(json.loads(ended.out), self.client.answers["meeting.list"])
        ended = self.run_here("meeting", "show", "weekly-7", "--json")
        self.assertEqual(json.loads(ended.out), self.client.answers["meeting.get"])

    def test_refused(self) -> None:
        """What the daemon refuses is told."""
        self.client.answers["meeting.get"] = RpcError(-32603, "no meeting 'y' under /r")
        self.assertRefused(self.run_here("meeting", "show", "y"), 1, "no meeting 'y' under /r")


class FileTests(CommandCase):
    """No daemon."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(meeting, "run_with_daemon", self.unreachable)
        store(self.directory / ".car" / "meetings")

    def unreachable(self, *_: object) -> None:
        """Nobody is there."""
        raise Unreachable("no daemon")

    def test_files(self) -> None:
        """The files are read; they are left as they are."""
        words = ["--root", str(self.directory)]
        self.assertEqual(self.run_here("meeting", "list", *words), (0, LISTED, ""))
        self.assertEqual(self.run_here("meeting", "show", "weekly-7", *words), (0, SHOWN, ""))
        told = json.loads(self.run_here("meeting", "list", *words, "--json").out)
        self.assertEqual(told["ids"], ["weekly-7", "x"])
        self.assertEqual(told["root"], str(self.directory / ".car" / "meetings"))
        ended = self.run_here("meeting", "show", "y", *words)
        self.assertRefused(ended, 1, "no meeting 'y' under")

    def test_settings(self) -> None:
        """Without --root they lie where a daemon started here would have them."""
        self.environ["CAR_MEETINGS_ROOT"] = str(self.directory / ".car" / "meetings")
        self.assertEqual(self.run_here("meeting", "list").out, LISTED)

    def test_named_daemon(self) -> None:
        """A daemon that was named and is not there is not made up for."""
        ended = self.run_here("meeting", "list", "--url", "ws://127.0.0.1:1")
        self.assertRefused(ended, 3, "no daemon")


class DaemonTests(DaemonCase):
    """A real daemon."""

    def test_list(self) -> None:
        """Its meetings, by the root that was asked for."""
        store(self.directory / ".car" / "meetings")
        ended = self.run_child("meeting", "show", "x", "--root", str(self.directory))
        self.assertEqual((ended.status, ended.err), (0, ""), ended)
        self.assertIn("x: 2026-03-05 05:00 to 2026-03-04 05:00\n", ended.out)
        ended = self.run_child("meeting", "show", "y", "--root", str(self.directory))
        self.assertRefused(ended, 1, "no meeting 'y' under")


def _plain(record: object) -> JsonObject:
    """A record as the wire has it."""
    plain: JsonObject = to_value(record)
    return plain
