"""What a journal line costs: built, chained, kept in memory, written in batches.

Run ``python benchmarks/journal.py``.  Every variant is measured in turn, round after
round, and the best round of each is printed, so that a busy machine hits all alike.  The
line is an ``action_succeeded`` of about 300 octets; the goal is 1.2 µs for a line in a
batch of 32 or more (``performance.md`` §11: three or four lines an action in 4 µs).
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from car.eventlog.journal import JournalFile
from car.eventlog.kinds import ACTION_SUCCEEDED
from car.eventlog.log import EventLog

ROUNDS = 5
LINES = 20_480  # a multiple of every batch

_DATA = (
    b'{"tool":"search","request_id":"cb-12","attempt":1,"output":{"hits":["tawny owl",'
    b'"barn owl"],"total":2},"state_changes":{},"duration_ms":12.345}'
)
_IDS = [f"a{number}" for number in range(LINES // 4)]


def measure(directory: Path, batch: int, *, chain: bool) -> float:
    """Microseconds a line with a flush after every *batch* lines; 0 writes no file."""
    journal = JournalFile(directory, f"c-{time.monotonic_ns()}") if batch else None
    log = EventLog("c-1", time.time, journal, monotonic=time.monotonic, chain=chain)
    append = log.append
    flush: Callable[[], None] = journal.flush if journal is not None else lambda: None
    begun = time.perf_counter()
    for start in range(0, LINES, batch or LINES):
        for number in range(start, start + (batch or LINES)):
            append(ACTION_SUCCEEDED, _IDS[number // 4], "p1", _DATA)
        flush()
    taken = time.perf_counter() - begun
    if journal is not None:
        journal.close()
    return taken / LINES * 1e6


def main() -> None:
    """Measure all variants and print them side by side."""
    batches = (0, 1, 32, 256)
    best: dict[tuple[int, bool], float] = {}
    with tempfile.TemporaryDirectory() as name:
        for _ in range(ROUNDS):
            for batch in batches:
                for chain in (False, True):
                    taken = measure(Path(name), batch, chain=chain)
                    best[batch, chain] = min(taken, best.get((batch, chain), taken))
    print(f"{'µs a line':<24}{'plain':>8}{'chained':>10}")
    for batch in batches:
        label = f"flushed every {batch}" if batch else "in memory only"
        print(f"{label:<24}{best[batch, False]:>8.2f}{best[batch, True]:>10.2f}")


if __name__ == "__main__":
    main()
