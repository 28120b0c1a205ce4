"""Which memory a connection has, and that durable ones are kept before they are acknowledged."""

import sqlite3
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface.verify import verifyObject

from car.memgine.facts import NewFact
from car.memgine.memgine import Memgine
from car.server.interfaces import IMemoryEngine
from car.server.memories import Memory, memory_file
from car.store.errors import StoreUnavailable
from tests.server.doubles import TOKEN, Peer, ServerCase


class FakeStore:
    """An IMemoryStore whose answers a test gives."""

    def __init__(self) -> None:
        self.appended: list[list[str]] = []
        self.waiting: list[Deferred[int]] = []

    def append(self, namespace: str, changes: Any) -> "Deferred[int]":
        """Note the keys; the answer is the test's."""
        self.appended.append([change.key for change in changes])
        answer: Deferred[int] = Deferred()
        self.waiting.append(answer)
        return answer


def remembering(subject: str) -> Any:
    """A change that adds one fact; it answers the count."""

    def change(memgine: Memgine) -> int:
        memgine.add_fact(NewFact(subject=subject, body="x"), 1.0)
        return memgine.fact_count

    return change


class NameTests(ServerCase):
    """Names of memories as file names."""

    def test_injective(self) -> None:
        """Case, dots, slashes and other scripts are kept apart and lead nowhere."""
        names = ["shop-7", "Shop-7", "a/b", "a%2fb", "..", ".", "ä", "a b", "NUL", "a.b"]
        paths = [memory_file(Path("/r"), f"namespace:{name}") for name in names]
        self.assertEqual(len({str(path).casefold() for path in paths}), len(names))
        for path in paths:
            self.assertEqual(path.parent, Path("/r/memory/memory-namespaces"))
        self.assertEqual(paths[1].name, "%53hop-7.db")
        self.assertEqual(memory_file(Path("/r"), "agent:x").parent.name, "agents")


class MemoryTests(ServerCase):
    """Memory: a graph and its store."""

    def setUp(self) -> None:
        super().setUp()
        self.store = FakeStore()
        self.memory = Memory(Memgine(tracked=True), name="namespace:x", store=self.store)

    def test_interface(self) -> None:
        """It is what a meeting feeds."""
        verifyObject(IMemoryEngine, self.memory)

    def test_acknowledged_when_kept(self) -> None:
        """The answer waits for the store."""
        answer = self.memory.remember(remembering("a"))
        self.assertNoResult(answer)
        self.store.waiting[0].callback(1)
        self.assertEqual(self.successResultOf(answer), 1)

    def test_not_kept(self) -> None:
        """A failure is told; the rows are given to the store again with the next change."""
        answer = self.memory.remember(remembering("a"))
        self.store.waiting[0].errback(StoreUnavailable("disk full"))
        self.failureResultOf(answer, StoreUnavailable)
        again = self.memory.remember(remembering("b"))
        self.assertEqual(set(self.store.appended[1]), {"n0", "n1", "m#next"})
        self.store.waiting[1].callback(2)
        self.assertEqual(self.successResultOf(again), 2)

    def test_nothing_changed(self) -> None:
        """What changed nothing waits for nobody."""
        self.assertEqual(self.successResultOf(self.memory.remember(lambda memgine: 7)), 7)
        self.assertEqual(self.store.appended, [])

    def test_waits_while_held_still(self) -> None:
        """Changes wait while the graph is written out or replaced, in their order."""
        writing: Deferred[int] = Deferred()
        held = self.memory.held_still(lambda: writing)
        first, second = (self.memory.remember(remembering(name)) for name in "ab")
        self.assertEqual(self.memory.memgine.fact_count, 0)
        writing.callback(3)
        self.assertEqual(self.successResultOf(held), 3)
        self.store.waiting[0].callback(1)
        self.store.waiting[1].callback(2)
        self.assertEqual([self.successResultOf(first), self.successResultOf(second)], [1, 2])

    def test_replace_that_fails(self) -> None:
        """Where the new graph cannot be made or kept, the old one stays."""
        before = self.memory.memgine
        replaced = self.memory.replace(lambda: fail(StoreUnavailable("no")))
        self.failureResultOf(replaced, StoreUnavailable)
        self.assertIs(self.memory.memgine, before)
        self.successResultOf(Memory(Memgine()).replace(lambda: succeed(Memgine())))

    def test_ingest_conversation(self) -> None:
        """A line that was said is kept as everything else."""
        said = self.memory.ingest_conversation("Ann", "we ship on Monday", 1.0)
        self.assertEqual(self.store.appended[0][0], "n0")
        self.store.waiting[0].callback(1)
        self.successResultOf(said)


class BindingTests(ServerCase):
    """Which memory a session has."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp()).absolute()
        self.serve(state_dir=self.root, auth=True)

    def bound(self, **params: str) -> Peer:
        """A client that authenticated with *params*."""
        peer = self.peer()
        self.result_of(peer, "session.auth", {"token": TOKEN, **params})
        return peer

    def add(self, peer: Peer, subject: str) -> None:
        """A fact of that client's."""
        self.result_of(peer, "memory.add_fact", {"subject": subject, "body": "x"})

    def test_namespace_outlives_the_session(self) -> None:
        """What one session put into a namespace the next one finds, from the file."""
        first = self.bound(memory_namespace="shop-7")
        self.add(first, "a")
        first.lose()
        self.assertTrue((self.root / "memory/memory-namespaces/shop-7.db").exists())
        self.serve(state_dir=self.root, auth=True)
        second = self.bound(memory_namespace="shop-7")
        self.assertEqual(second.call("memory.fact_count"), 1)
        self.assertEqual(self.bound(memory_namespace="shop-8").call("memory.fact_count"), 0)

    def test_two_sessions_share_a_namespace(self) -> None:
        """Both see what either adds; the last one's leaving lets go of it."""
        one, two = self.bound(memory_namespace="n"), self.bound(memory_namespace="n")
        self.assertIs(one.session.memory, two.session.memory)
        memgine = one.session.memory
        one.lose()
        self.assertIs(self.bound(memory_namespace="n").session.memory, memgine)
        two.lose()

    def test_namespace_before_agent(self) -> None:
        """A namespace beats the agent's id; a wrong name is refused by its field."""
        peer = self.bound(memory_namespace="n")
        self.assertEqual(peer.session.memory_held.name, "namespace:n")
        other = self.peer()
        error = other.error("session.auth", {"token": TOKEN, "memory_namespace": "x" * 81})
        self.assertIn("memory_namespace: expected 1 to 80", str(error["message"]))

    def test_requests_wait_for_the_binding(self) -> None:
        """What is sent right behind session.auth uses the memory that it bound."""
        self.add(self.bound(memory_namespace="n"), "a")
        peer = self.peer()
        auth = peer.send("session.auth", {"token": TOKEN, "memory_namespace": "n"})
        count = peer.send("memory.fact_count")
        for _ in range(5):
            self.later()
        answers = {frame["id"]: frame.get("result") for frame in peer.new()}
        self.assertEqual(answers[count], 1)
        self.assertIn(auth, answers)

    def test_left_by_the_reference(self) -> None:
        """A file of the reference's beside a memory that is not there yet is taken in once."""
        directory = self.root / "memory/memory-namespaces"
        directory.mkdir(parents=True)
        (directory / "old.json").write_text(
            '[{"body":"Oslo","content_type":"natural_language","kind":"pattern","subject":"city"}]'
        )
        peer = self.bound(memory_namespace="old")
        self.assertEqual(peer.call("memory.fact_count"), 1)
        peer.lose()
        (directory / "old.json").unlink()
        self.assertEqual(self.bound(memory_namespace="old").call("memory.fact_count"), 1)

    def test_damaged_file_is_set_aside(self) -> None:
        """A file that is no database is moved aside, and an empty memory begun."""
        directory = self.root / "memory/memory-namespaces"
        directory.mkdir(parents=True)
        (directory / "n.db").write_bytes(b"this is no database at all, not in the least" * 50)
        self.assertEqual(self.bound(memory_namespace="n").call("memory.fact_count"), 0)
        self.assertTrue([p for p in directory.iterdir() if ".corrupt-" in p.name])
        self.flushLoggedErrors()

    def test_rows_on_disk(self) -> None:
        """By the time a fact is acknowledged its row is in the file."""
        self.add(self.bound(memory_namespace="n"), "a")
        path = self.root / "memory/memory-namespaces/n.db"
        with sqlite3.connect(path) as connection:
            keys = {key for (key,) in connection.execute("SELECT key FROM rows")}
        self.assertEqual(keys, {"n0", "m#next"})


class SharedTests(ServerCase):
    """One memory for all."""

    def test_volatile(self) -> None:
        """Every session has it, and replacing it needs force."""
        self.serve(shared_memgine=":memory:", state_dir=Path(self.mktemp()).absolute())
        one, two = self.peer(), self.peer()
        one.call("memory.add_fact", {"subject": "a", "body": "x"})
        self.assertEqual(two.call("memory.fact_count"), 1)
        self.assertEqual(two.call("memory.persist", {"path": "m.json"}), 1)
        error = two.error("memory.load", {"path": "m.json"})
        self.assertIn("force: true", str(error["message"]))
        self.assertEqual(two.call("memory.load", {"path": "m.json", "force": True}), 1)
        self.assertEqual(one.call("memory.fact_count"), 1)

    def test_kept_in_a_file(self) -> None:
        """It is loaded before the server listens, and kept in the file that was named."""
        root = Path(self.mktemp()).absolute()
        file = root / "mine" / "m.db"
        for count in (1, 2):
            self.serve(shared_memgine=file, state_dir=root)
            self.successResultOf(self.state.memories.ready())
            peer = self.peer()
            answer = self.result_of(peer, "memory.add_fact", {"subject": f"s{count}", "body": "x"})
            self.assertEqual(answer, count)
        self.assertTrue(file.exists())

    def test_without_a_root(self) -> None:
        """Named memories of a server that keeps nothing last as long as the server."""
        self.serve(auth=True)
        for count in (1, 2):
            peer = self.peer()
            peer.call("session.auth", {"token": TOKEN, "memory_namespace": "n"})
            params = {"subject": f"s{count}", "body": "x"}
            self.assertEqual(peer.call("memory.add_fact", params), count)
            peer.lose()
