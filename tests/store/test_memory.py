"""The memory store beyond its interface: damaged files, full disks, many namespaces."""

import sqlite3
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.graph import Change, Graph
from car.store import memory as memory_module
from car.store.errors import StoreCorrupt
from car.store.memory import SqliteMemoryStore
from tests.store.doubles import SettableClock, at_once


class SqliteMemoryStoreTests(SynchronousTestCase):
    """SqliteMemoryStore: its files."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.mktemp())
        self.store = self.opened()

    def opened(self) -> SqliteMemoryStore:
        """A store on the test's directory."""
        return SqliteMemoryStore(
            lambda name: self.directory / f"{name}.db", at_once, now=SettableClock()
        )

    def append(self, name: str, *changes: Change) -> Any:
        """Append to a namespace."""
        return self.successResultOf(self.store.append(name, changes))

    def load(self, name: str) -> dict[str, bytes]:
        """What a namespace holds."""
        rows = self.successResultOf(self.store.load(name))
        return dict(rows)

    def damage(self) -> None:
        """Write many rows, then spoil a page in the midst of the file."""
        rows = [(f"n{n}", b"x" * 500) for n in range(500)]
        self.successResultOf(self.store.replace("one", rows))
        self.successResultOf(self.store.close())
        path = self.directory / "one.db"
        content = bytearray(path.read_bytes())
        content[4096 * 3 : 4096 * 40] = b"\xa5" * (4096 * 37)
        path.write_bytes(content)
        self.store = self.opened()

    def test_damaged(self) -> None:
        """A damaged file is moved aside when loaded, and an empty one begun."""
        self.damage()
        self.assertEqual(self.load("one"), {})
        (aside,) = self.store.recovered
        self.assertEqual(aside.parent, self.directory)
        self.assertTrue(aside.name.startswith("one.db.corrupt-2026"))
        self.append("one", Change("a", b"1"))
        self.assertEqual(self.load("one"), {"a": b"1"})

    def test_damaged_replaced(self) -> None:
        """Replacing all rows heals a damaged file the same way."""
        (self.directory).mkdir()
        (self.directory / "one.db").write_bytes(b"rubbish" * 1000)
        self.successResultOf(self.store.replace("one", [("a", b"1")]))
        self.assertEqual(len(self.store.recovered), 1)
        self.assertEqual(self.load("one"), {"a": b"1"})

    def test_damaged_append(self) -> None:
        """A change of a file that proves damaged fails, and nothing is moved."""
        (self.directory).mkdir()
        (self.directory / "one.db").write_bytes(b"rubbish" * 1000)
        self.failureResultOf(self.store.append("one", [Change("a", b"1")]), StoreCorrupt)
        self.assertEqual(self.store.recovered, [])

    def test_many(self) -> None:
        """No more files are open than allowed; those closed open again."""
        self.patch(memory_module, "OPEN_FILES", 3)
        for n in range(10):
            self.append(f"m{n}", Change("a", b"%d" % n))
            self.assertLessEqual(len(self.store._open), 3)
        self.append("m8", Change("b", b""))
        self.append("m0", Change("b", b""))
        self.assertEqual(list(self.store._open), ["m9", "m8", "m0"])
        for n in range(10):
            self.assertEqual(self.load(f"m{n}")["a"], b"%d" % n)

    def test_one_file(self) -> None:
        """A closed store leaves one file a namespace, readable by anybody's SQLite."""
        self.append("one", Change("a", b"1"))
        self.successResultOf(self.store.close())
        self.assertEqual([file.name for file in self.directory.iterdir()], ["one.db"])
        connection = sqlite3.connect(self.directory / "one.db")
        self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        connection.close()

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("aru")), max_size=25))
    def test_graph(self, steps: list[tuple[int, str]]) -> None:
        """A graph's changes, appended as they come, make the rows that it has."""
        graph = Graph(tracked=True)
        self.directory = Path(self.mktemp())
        self.store = self.opened()
        for index, step in steps:
            nodes = list(graph.nodes.values())
            if step == "a" or not nodes:
                node = graph.add_node("fact", f"k{index}", "v", at=float(index))
                for other in nodes[:2]:
                    graph.add_edge("RelatedTo", node.index, other.index, at=1.0)
            elif step == "r":
                graph.remove(nodes[index % len(nodes)])
            else:
                graph.update(nodes[index % len(nodes)], value=f"w{index}")
            self.append("one", *graph.drain())
        rows = {row.key: row.value for row in graph.rows()} if steps else {}
        self.assertEqual(self.load("one"), rows)
        self.successResultOf(self.store.close())
