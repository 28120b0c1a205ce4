"""A program that appends rows to a memory store until it is killed.

``python -m tests.store.acknowledging DIRECTORY FIRST`` prints the number of each row, from
FIRST on, once it is durable; several are under way at any time.
"""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - a program of its own
from twisted.internet.defer import Deferred, gatherResults

from car.memgine.graph import Change
from car.store.memory import SqliteMemoryStore
from car.store.thread import WriterThread

reactor: Any = _reactor
WRITERS = 20


async def _write(store: SqliteMemoryStore, first: int) -> None:
    number = first
    while True:
        await store.append("one", [Change(f"n{number}", b"%d" % number)])
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += WRITERS


def main(directory: str, first: int) -> None:
    """Append until killed."""
    store = SqliteMemoryStore(
        lambda name: Path(directory) / f"{name}.db", WriterThread(reactor, "writer")
    )
    gatherResults([Deferred.fromCoroutine(_write(store, first + n)) for n in range(WRITERS)])
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
