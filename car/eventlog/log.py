"""The event log of one session: gives every line its number and keeps the newest events.

A line is built once, as octets, from parts that are JSON already; it goes to the writer (a
`car.eventlog.journal.JournalFile`, or nothing) and, if it is an event, into memory.  When
the writer flushes is not decided here.  The clocks are handed in.

Building a line is the hot path: three or four an action (``performance.md`` §8, §11).
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct

from car.errors import CarError
from car.eventlog.blobs import BlobStore, shorten
from car.eventlog.chain import CHAIN_BYTES, GENESIS, ChainCheck, chain_line
from car.eventlog.errors import JournalError, LineError
from car.eventlog.kinds import RECORD_OPENED, is_record
from car.eventlog.line import LINE, Head, parse_object
from car.eventlog.query import EventFilter, EventMatcher
from car.eventlog.reading import ChainReport, read_backwards, read_journal
from car.eventlog.redaction import Redactor
from car.ir.instants import rfc3339, seconds
from car.ir.json import JsonObject, encode

MEMORY_LIMIT = 10_000
"""Events held in memory (``reliability.md`` §3)."""

LINE_BYTES = 256 * 1024
"""The longest line, its newline included (``record.md`` §2)."""

SLICE_SECONDS = 0.002
"""How long a slice of a query or a check may take before others get their turn."""

_NEWLINE = ord("\n")

_T = TypeVar("_T")


class LineWriter(Protocol):
    """Where lines go: `car.eventlog.journal.JournalFile`."""

    failed: JournalError | None

    def append(self, line: bytes, /) -> None:
        """Take a whole line; raises JournalError if it cannot be taken."""

    def flush(self) -> None:
        """Write what was taken; raises JournalError."""

    def parts(self) -> list[Path]:
        """The files written so far, in order."""


class TamperedAt(Struct, frozen=True):
    """The first line that is not what the hash chain says, counted from 0."""

    index: int


class EventLog:
    """What happened in a session, in order, from ``e-1`` on.

    ``count`` is the number of events so far, also those no longer in memory; records
    (`car.eventlog.kinds.is_record`) are not counted.  ``last_number`` is the *n* of the
    newest line of either sort.
    """

    def __init__(
        self,
        client_id: str,
        now: Callable[[], float],
        writer: LineWriter | None = None,
        *,
        monotonic: Callable[[], float] | None = None,
        memory_limit: int = MEMORY_LIMIT,
        line_bytes: int = LINE_BYTES,
        redact: Collection[str] = frozenset(),
        redact_key: bytes | None = None,
        blobs: BlobStore | None = None,
        chain: bool = False,
        opening: Callable[[], JsonObject] | None = None,
    ) -> None:
        """Open the log; *now* gives seconds since the epoch, *monotonic* never goes back.

        Without *monotonic* the one clock serves for both.  *redact* are keys whose values
        are replaced by digests under *redact_key*; raises CarError if that is missing.
        Without *blobs* only the digest of a value too large for its line is kept.
        *opening* gives the data of ``record_opened``, put before the first line there is.
        """
        self._redactor: Redactor | None = None
        if redact:
            if redact_key is None:
                raise CarError("redaction needs redact_key, the secret its digests are made under")
            self._redactor = Redactor(redact, redact_key)
        self.client_id = client_id
        self.count = 0
        self.last_number = 0
        self._now = now
        self._monotonic = monotonic if monotonic is not None else now
        self._opened = self._monotonic()
        self._writer = writer
        self._opening = opening
        self._memory: deque[bytes] = deque(maxlen=memory_limit)
        self._line_bytes = line_bytes - CHAIN_BYTES
        self._blobs = blobs
        self._last_hash = GENESIS if chain else None
        # The whole second that the last line fell into, and its text up to the dot.
        self._second = -1
        self._second_text = b""
        # The JSON text of the last line's proposal id: lines of one come together.
        self._proposal_id: str | None = None
        self._proposal = b"null"
        # The JSON text of each kind met so far, and whether it is an event.
        self._kinds: dict[str, tuple[bytes, bool]] = {}

    @property
    def chained(self) -> bool:
        """Whether lines are being chained."""
        return self._last_hash is not None

    @property
    def failed(self) -> JournalError | None:
        """Why the writer cannot write just now, or None."""
        return None if self._writer is None else self._writer.failed

    @property
    def memory(self) -> list[bytes]:
        """The event lines in memory, oldest first, as written."""
        return list(self._memory)

    def append(self, kind: str, action_id: str | None, proposal_id: str | None, data: bytes) -> int:
        """Append a line and give its number; *data* is the text of a JSON object.

        Raises JournalError when a failed journal can hold no more, or a side file cannot
        be written: then there is no such line.
        """
        if self._opening is not None:
            self._open(self._opening)
        at = self._now()
        micros = round((at - self._second) * 1_000_000)
        if not 0 <= micros < 1_000_000:
            micros = self._begin_second(at)
        if _NEWLINE in data:
            data = data.replace(b"\n", b" ")  # between tokens: in strings it is escaped
        if self._redactor is not None:
            data = encode(self._redactor.redact(parse_object(data)))
        kind_text, is_event = self._kinds.get(kind) or self._kind(kind)
        number = self.last_number + 1
        action = encode(action_id)
        if proposal_id is not self._proposal_id:
            self._proposal_id = proposal_id
            self._proposal = encode(proposal_id)
        proposal = self._proposal
        elapsed = encode(round((self._monotonic() - self._opened) * 1_000_000) / 1000)
        second = self._second_text
        line = LINE % (number, second, micros, kind_text, action, proposal, data, elapsed)
        if len(line) > self._line_bytes:
            data = self._shorten(data, len(line) - self._line_bytes)
            line = LINE % (number, second, micros, kind_text, action, proposal, data, elapsed)
        last_hash = self._last_hash
        if last_hash is not None:
            line, last_hash = chain_line(line, last_hash)
        if self._writer is not None:
            self._writer.append(line)
        self.last_number = number
        self._last_hash = last_hash
        if is_event:
            self.count += 1
            self._memory.append(line)
        return number

    def record(
        self,
        kind: str,
        data: object,
        action_id: str | None = None,
        proposal_id: str | None = None,
    ) -> int:
        """Append a line whose *data* is a value or record still to be encoded."""
        return self.append(kind, action_id, proposal_id, encode(data))

    def enable_chain(self) -> None:
        """Chain the lines from the next one on; enabling it again changes nothing."""
        if self._last_hash is None:
            self._last_hash = GENESIS

    def verify_chain(self) -> int | TamperedAt:
        """How many lines the chain proves right, or the first that it does not.

        Looks at the journal file where there is one, else at the events in memory.
        Raises JournalError if the file cannot be written up to now, or read.
        """
        verdict: int | TamperedAt = 0
        for found in self.verify_slices():
            if found is not None:
                verdict = found
        return verdict

    def verify_slices(self) -> Iterator[int | TamperedAt | None]:
        """`verify_chain` in slices: None after each `SLICE_SECONDS`, the verdict last."""
        parts = self._written_parts()
        yield from self._verify_file(parts[0]) if parts else self._verify_memory()

    def query(self, wanted: EventFilter) -> list[JsonObject]:
        """The events that *wanted* selects, newest first, also those only in the file."""
        return [event for some in self.query_slices(wanted) for event in some]

    def query_slices(self, wanted: EventFilter) -> Iterator[list[JsonObject]]:
        """`query` in slices: what was found, maybe nothing, after each `SLICE_SECONDS`.

        Answers for the moment of the first slice: what is appended later is not looked
        at.  Raises JournalError if older events are asked for and the file cannot be read.
        """
        matcher = EventMatcher(wanted)
        left = wanted.limit or -1
        found: list[JsonObject] = []
        for line in self._sliced(self._newest_first()):
            if line is None:
                yield found
                found = []
                continue
            event = matcher.match(*line)
            if event is not None:
                found.append(event)
                left -= 1
                if left == 0:
                    break
        yield found

    def _newest_first(self) -> Iterator[tuple[bytes, Head]]:
        """Every event line (and the older records), the newest first, with its head."""
        lines = self.memory
        older = self.count > len(lines)
        oldest = self.last_number + 1
        for raw in reversed(lines):
            head = Head(raw)
            oldest = head.number
            yield raw, head
        if not older:
            return
        for path in reversed(self._written_parts()):
            for raw in read_backwards(path):
                try:
                    head = Head(raw)
                except LineError:
                    continue
                if head.number < oldest:
                    yield raw, head

    def _verify_file(self, path: Path) -> Iterator[int | TamperedAt | None]:
        report = ChainReport()
        number, last_hash = self.last_number, self._last_hash
        for line in self._sliced(read_journal(path)):
            if line is None:
                yield None
                continue
            report.add(line)
            if report.tampered_at is not None:
                yield TamperedAt(report.tampered_at)
                return
            if line.event is not None and line.event.number == number:
                break
        # What the log remembers shows that lines are missing from the end.
        if last_hash is not None and last_hash != (report.check.last or GENESIS):
            yield TamperedAt(report.lines)
        else:
            yield report.verified

    def _verify_memory(self) -> Iterator[int | TamperedAt | None]:
        check = ChainCheck()
        last = 0
        index = 0
        for line in self._sliced(self.memory):
            if line is None:
                yield None
                continue
            number = Head(line).number
            if not check.add(line[:-1], joined=number == last + 1):
                yield TamperedAt(index)
                return
            last = number
            index += 1
        yield check.verified

    def _sliced(self, items: Iterable[_T]) -> Iterator[_T | None]:
        """*items*, with a None whenever they have taken `SLICE_SECONDS`."""
        until = self._monotonic() + SLICE_SECONDS
        for item in items:
            yield item
            if self._monotonic() >= until:
                yield None
                until = self._monotonic() + SLICE_SECONDS

    def _written_parts(self) -> list[Path]:
        if self._writer is None:
            return []
        self._writer.flush()
        return self._writer.parts()

    def _open(self, opening: Callable[[], JsonObject]) -> None:
        self._opening = None
        try:
            self.record(RECORD_OPENED, opening())
        except JournalError:
            self._opening = opening  # for the next try
            raise

    def _begin_second(self, at: float) -> int:
        """Make the text of a new second and give the microseconds of *at* in it."""
        text = rfc3339(at)
        self._second_text = text[:20].encode()
        self._second = int(seconds(text[:19] + "Z"))
        return int(text[20:26])

    def _kind(self, kind: str) -> tuple[bytes, bool]:
        entry = self._kinds[kind] = (encode(kind), not is_record(kind))
        return entry

    def _shorten(self, data: bytes, excess: int) -> bytes:
        put = self._blobs.put if self._blobs is not None else None
        return shorten(parse_object(data), len(data) - excess, put)
