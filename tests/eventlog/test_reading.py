"""Reading journals: broken lines, torn tails, recovery."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.eventlog.errors import JournalError
from car.eventlog.reading import (
    _BLOCK_BYTES,
    Gap,
    Recovery,
    find_torn,
    read_backwards,
    read_journal,
    recover,
    verify_file,
)
from tests.eventlog.fakes import AT, write_journal


class ReadingCase(SynchronousTestCase):
    """A good journal of eight lines."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = write_journal(self.directory, 8)
        self.whole = self.path.read_bytes()
        self.lines = self.whole.splitlines(keepends=True)

    def numbers(self) -> list[int]:
        """The numbers of all lines that can be read."""
        return [line.event.number for line in read_journal(self.path) if line.event is not None]


class BrokenLineTests(ReadingCase):
    """Lines that cannot be parsed, inside (procedure 3)."""

    def test_flipped_octets(self) -> None:
        """Whichever octet of an inner line is flipped, all other lines are read."""
        start = sum(map(len, self.lines[:4]))
        others = {1, 2, 3, 4, 6, 7, 8}
        for mask in (0x01, 0x20, 0x80, 0xFF):
            for place in range(start, start + len(self.lines[4])):
                flipped = bytearray(self.whole)
                flipped[place] ^= mask
                self.path.write_bytes(flipped)
                self.assertLessEqual(others, set(self.numbers()), place)
                self.assertIsNone(find_torn(self.path), place)

    def test_replaced_by_newline_and_nul(self) -> None:
        """A newline or a NUL anywhere in an inner line costs that line only."""
        start = sum(map(len, self.lines[:4]))
        for octet in b"\n\0":
            for place in range(start, start + len(self.lines[4]) - 1):
                broken = bytearray(self.whole)
                broken[place] = octet
                self.path.write_bytes(broken)
                self.assertEqual(self.numbers(), [1, 2, 3, 4, 6, 7, 8])

    def test_lost_newline(self) -> None:
        """Where a newline was lost, the line after it is found."""
        self.path.write_bytes(self.whole.replace(self.lines[4], self.lines[4][:-2]))
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 6, 7, 8])
        report = verify_file(self.path)
        self.assertEqual((report.lines, report.broken, report.gaps), (8, [4], [Gap(4, 6)]))

    def test_told(self) -> None:
        """A broken line is handed on with its place and what is wrong with it."""
        self.path.write_bytes(self.whole.replace(self.lines[4], b'{"id":"e-5"}\n'))
        broken = [line for line in read_journal(self.path) if line.event is None]
        self.assertEqual([line.raw for line in broken], [b'{"id":"e-5"}'])
        self.assertEqual(broken[0].offset, sum(map(len, self.lines[:4])))
        self.assertIn("timestamp", broken[0].fault)

    def test_wrong_types(self) -> None:
        """JSON that is no line is broken: a number out of form, data that is no object."""
        for line in (
            b"null",
            b"[]",
            self.lines[4][:-1].replace(b'"e-5"', b'"e-05"'),
            self.lines[4][:-1].replace(b'"e-5"', b"5"),
            self.lines[4][:-1].replace(b'"data":{', b'"data":[{').replace(b"},", b"}],"),
            b"\xff\xfe",
            b"[" * 100_000,
        ):
            self.path.write_bytes(self.whole.replace(self.lines[4], line + b"\n"))
            self.assertEqual(self.numbers(), [1, 2, 3, 4, 6, 7, 8])

    def test_object_that_looks_like_a_line(self) -> None:
        """A line inside another's data is not taken for one."""
        inner = self.lines[0][:-1]
        self.path.write_bytes(self.whole.replace(b'"text":"owl"', b'"text":' + inner + b"x", 1))
        self.assertEqual(self.numbers(), [2, 3, 4, 5, 6, 7, 8])

    def test_missing_file(self) -> None:
        """A journal that is not there is told by name."""
        problem = self.assertRaises(
            JournalError, lambda: list(read_journal(self.directory / "c-2.jsonl"))
        )
        self.assertEqual(str(problem), "c-2.jsonl cannot be read: No such file or directory")

    def test_gap(self) -> None:
        """A missing line is a gap in the numbers, and so is a missing first one."""
        self.path.write_bytes(b"".join(self.lines[1:3] + self.lines[5:]))
        self.assertEqual(verify_file(self.path).gaps, [Gap(0, 2), Gap(3, 6)])


class TornTailTests(ReadingCase):
    """A journal whose last line was not finished (procedure 3)."""

    def test_every_cut(self) -> None:
        """Cut anywhere in the last three lines: all whole lines are read, the rest goes."""
        ends = [sum(map(len, self.lines[: count + 1])) for count in range(8)]
        for cut in range(ends[4], len(self.whole) + 1):
            self.path.write_bytes(self.whole[:cut])
            good = [number + 1 for number, end in enumerate(ends) if end <= cut]
            kept = ends[len(good) - 1]
            self.assertEqual(self.numbers(), good)
            self.assertEqual(find_torn(self.path), kept if kept < cut else None)
            recovery = recover(self.path, AT + cut)
            self.assertEqual(self.path.read_bytes(), self.whole[:kept])
            self.assertEqual((recovery.kept_bytes, recovery.cut_bytes), (kept, cut - kept))
            if recovery.torn_path is not None:
                self.assertEqual(recovery.torn_path.read_bytes(), self.whole[kept:cut])
                self.assertEqual(recovery.torn_path.stat().st_mode & 0o777, 0o600)

    def test_name(self) -> None:
        """What is cut off stands beside the journal, named by the time."""
        self.path.write_bytes(self.whole + b'{"id":"e-9')
        recovery = recover(self.path, AT)
        self.assertEqual(
            recovery,
            Recovery(
                len(self.whole), 10, self.directory / "c-1.jsonl.torn-20260304T100002.123456Z"
            ),
        )
        self.assertEqual(recover(self.path, AT), Recovery(len(self.whole)))

    def test_garbage(self) -> None:
        """Half a line and NULs, newlines among them, are cut off together."""
        for garbage in (b'{"id":"e-9\0\0\0', b"\0\n\0\0\n", b"\n", b"\0" * 3 * _BLOCK_BYTES):
            self.path.write_bytes(self.whole + garbage)
            self.assertEqual(find_torn(self.path), len(self.whole))

    def test_nothing_good(self) -> None:
        """A file without a good line is torn from its beginning; an empty one is not."""
        self.path.write_bytes(b"\0\0\n")
        self.assertEqual(find_torn(self.path), 0)
        self.path.write_bytes(b"")
        self.assertIsNone(find_torn(self.path))
        self.assertEqual(recover(self.path, AT), Recovery(0))

    def test_joined_last_lines(self) -> None:
        """A good line that follows a lost newline is not cut off."""
        self.path.write_bytes(b"".join(self.lines[:6]) + self.lines[6][:-2] + self.lines[7])
        self.assertIsNone(find_torn(self.path))
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5, 6, 8])

    def test_not_there(self) -> None:
        """A file that cannot be read is told by name."""
        self.assertRaises(JournalError, recover, self.directory / "c-2.jsonl", AT)

    def test_torn_name_is_taken(self) -> None:
        """An earlier torn tail is not overwritten, and the journal is left alone."""
        self.path.write_bytes(self.whole + b"torn")
        recover(self.path, AT)
        self.path.write_bytes(self.whole + b"torn")
        self.assertRaises(JournalError, recover, self.path, AT)
        self.assertEqual(self.path.read_bytes(), self.whole + b"torn")


class BackwardsTests(ReadingCase):
    """Reading from the end."""

    def test_backwards(self) -> None:
        """All lines come, the last first."""
        expected = [line[:-1] for line in reversed(self.lines)]
        self.assertEqual(list(read_backwards(self.path)), expected)

    def test_torn(self) -> None:
        """An unterminated last line is left out; so is everything in a file of one."""
        self.path.write_bytes(self.whole + b"torn")
        self.assertEqual(next(read_backwards(self.path)), self.lines[-1][:-1])
        self.path.write_bytes(b"torn")
        self.assertEqual(list(read_backwards(self.path)), [])

    def test_blocks(self) -> None:
        """Lines across the borders of blocks come whole."""
        lines = [b"%d" % number * (number % 7919) for number in range(1600)]
        self.path.write_bytes(b"\n".join(lines) + b"\n")
        self.assertGreater(self.path.stat().st_size, 3 * _BLOCK_BYTES)
        self.assertEqual(list(read_backwards(self.path)), lines[::-1])
