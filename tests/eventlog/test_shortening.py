"""Lines that would be too long: their largest values go into side files."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.eventlog import blobs
from car.eventlog.blobs import BlobStore
from car.eventlog.errors import JournalError
from car.eventlog.line import parse_event
from car.eventlog.log import LINE_BYTES, EventLog
from car.ir.json import JsonValue, encode
from tests.eventlog.fakes import AT, FailingWrites
from tests.eventlog.strategies import OBJECTS


class SideFileTests(SynchronousTestCase):
    """Lines that would be too long."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.blobs = BlobStore(self.directory)

    def logged(self, data: JsonValue, blobs: BlobStore | None, line_bytes: int = 2000) -> Any:
        """*data* as it stands in the journal; no line is longer than *line_bytes*."""
        log = EventLog("c-1", lambda: AT, line_bytes=line_bytes, blobs=blobs, chain=True)
        log.record("action_succeeded", data, "a1", "p1")
        self.assertLessEqual(len(log.memory[0]), line_bytes)
        return parse_event(log.memory[0]).data

    def test_short_lines_stay(self) -> None:
        """A line up to the limit is left alone."""
        data = {"output": "x" * (LINE_BYTES - 400)}
        self.assertEqual(self.logged(data, self.blobs, LINE_BYTES), data)
        self.assertFalse(self.directory.exists())

    def test_largest_first(self) -> None:
        """The largest value goes, the others stay; its text stands in the side file."""
        found = self.logged({"tool": "t", "error": "y" * 900, "output": "x" * 3000}, self.blobs)
        text = encode("x" * 3000)
        digest = sha256(text).hexdigest()
        self.assertEqual(found["error"], "y" * 900)
        self.assertEqual(found["output"], {"$blob": {"bytes": 3002, "sha256": digest}})
        self.assertEqual(self.blobs.get(digest), text)

    def test_several(self) -> None:
        """As many values go as must."""
        data = {"a": "x" * 3000, "b": "y" * 2500, "c": "z" * 500}
        found = self.logged(data, self.blobs)
        self.assertEqual(["$blob" in found["a"], "$blob" in found["b"]], [True, True])
        self.assertEqual(found["c"], "z" * 500)
        self.assertEqual(self.blobs.restore(found), data)

    def test_part_of_a_value(self) -> None:
        """Of a large value only the part goes that alone suffices; the original stays whole."""
        action = {"id": "a1", "parameters": {"text": "x" * 3000}}
        data = {"proposal": {"id": "p1", "actions": [action, {"id": "a2"}]}}
        found = self.logged(data, self.blobs)
        self.assertEqual(found["proposal"]["actions"][0]["id"], "a1")
        self.assertIn("$blob", found["proposal"]["actions"][0]["parameters"]["text"])
        self.assertEqual(action["parameters"], {"text": "x" * 3000})
        self.assertEqual(self.blobs.restore(found), data)

    def test_many_small_parts(self) -> None:
        """A list of many small values goes as one."""
        data = {"tool": "t", "output": {"rows": list(range(2000)), "n": 1}}
        found = self.logged(data, self.blobs)
        self.assertEqual((list(found["output"]["rows"]), found["output"]["n"]), (["$blob"], 1))
        self.assertEqual(self.blobs.restore(found), data)

    def test_very_many_parts(self) -> None:
        """Where no part can suffice alone, parts are not encoded one by one."""
        encoded: list[object] = []

        def counted(value: object) -> bytes:
            encoded.append(value)
            return encode(value)

        self.patch(blobs, "encode", counted)
        found = self.logged({"output": [{"n": n} for n in range(2000)]}, self.blobs)
        self.assertEqual(list(found["output"]), ["$blob"])
        self.assertLess(len(encoded), 10)

    def test_digest_only(self) -> None:
        """Without a store the digest stands and no file is made."""
        found = self.logged({"output": "x" * 3000}, None)
        digest = sha256(encode("x" * 3000)).hexdigest()
        self.assertEqual(found["output"]["$blob"]["sha256"], digest)
        self.assertFalse(self.directory.exists())

    def test_look_alike(self) -> None:
        """A client's value that resembles a reference is shortened all the same."""
        found = self.logged({"output": {"$blob": {"sha256": "x" * 3000}}}, self.blobs)
        self.assertEqual(self.blobs.restore(found), {"output": {"$blob": {"sha256": "x" * 3000}}})

    def test_redacted_first(self) -> None:
        """A secret does not reach a side file."""
        log = EventLog(
            "c-1", lambda: AT, line_bytes=2000, blobs=self.blobs, redact={"s"}, redact_key=b"k"
        )
        log.record("state_changed", {"s": "secret" * 1000, "output": "x" * 3000})
        for path in self.directory.iterdir():
            self.assertNotIn(b"secret", path.read_bytes())

    def test_side_file_fails(self) -> None:
        """Without its side file there is no line, and its number is used again."""
        log = EventLog("c-1", lambda: AT, line_bytes=2000, blobs=self.blobs)
        self.patch(os, "write", FailingWrites(1))
        self.assertRaises(JournalError, log.record, "state_changed", {"output": "x" * 3000})
        self.assertEqual((log.count, list(self.directory.iterdir())), (0, []))
        self.assertEqual(log.record("state_changed", {"output": "x" * 3000}), 1)

    @settings(max_examples=50, deadline=None)
    @given(OBJECTS, st.integers(min_value=700, max_value=3000))
    def test_restored(self, data: dict[str, Any], line_bytes: int) -> None:
        """Whatever was put into side files comes back from them."""
        data = {**data, "long": [data, "x" * 700]}
        log = EventLog("c-1", lambda: AT, line_bytes=line_bytes, blobs=self.blobs)
        log.record("state_changed", data)
        self.assertEqual(self.blobs.restore(parse_event(log.memory[0]).data), data)
