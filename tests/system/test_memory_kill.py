"""kill -9 during durable adds: every fact that was acknowledged is there after a restart (G7)."""

import os
import random
import sys
import threading
import time

from tests.system.client import Client, ConnectionEnded, Message
from tests.system.daemon import Daemon, DaemonTestCase

FACTS = int(os.environ.get("CAR_KILL_FACTS", "10000"))
"""How many facts are sent in all, ``CAR_KILL_FACTS``."""

ROUNDS = 5
WINDOW = 64
"""Requests in flight on a connection."""

SEED = int(os.environ.get("CAR_KILL_SEED", str(int(time.time()))))
NAMES = ("shop-7", "Shop-8")


class Adder(threading.Thread):
    """Adds numbered facts until all are acknowledged or the connection goes."""

    def __init__(self, daemon: Daemon, namespace: str, numbers: range) -> None:
        super().__init__(name=namespace, daemon=True)
        self.namespace = namespace
        self.acknowledged: list[int] = []
        self._numbers = numbers
        self._client = bound(daemon, namespace)

    def run(self) -> None:
        """Keep a window of requests in flight."""
        client = self._client
        sent: dict[int, int] = {}
        try:
            for number in self._numbers:
                sent[client.begin("memory.add_fact", fact(number))] = number
                if len(sent) == WINDOW:
                    self._take_one(sent)
            while sent:
                self._take_one(sent)
        except ConnectionEnded:
            client.close()

    def _take_one(self, sent: dict[int, int]) -> None:
        answer = self._client.receive()
        assert "result" in answer, answer
        self.acknowledged.append(sent.pop(answer["id"]))


def fact(number: int) -> Message:
    """The fact *number*; every tenth takes the place of the one before it."""
    params = {"subject": f"subject {number}", "body": f"body {number}", "id": f"f{number}"}
    if number % 10 == 9:
        params["supersedes"] = f"f{number - 1}"
    return params


def bound(daemon: Daemon, namespace: str) -> Client:
    """A client whose memory is that namespace's."""
    client = Client(daemon.port)
    client.call("session.auth", {"token": daemon.token, "memory_namespace": namespace})
    return client


class MemoryKillTests(DaemonTestCase):
    """What a client was told before the process was killed."""

    def test_kill(self) -> None:
        """Every acknowledged fact, and what it had replaced, is there after each restart."""
        draw = random.Random(SEED)
        acknowledged: dict[str, set[int]] = {name: set() for name in NAMES}
        share = FACTS // ROUNDS // len(NAMES)
        for number in range(ROUNDS):
            self.daemon.start()
            adders = [
                Adder(self.daemon, name, range(number * share, (number + 1) * share))
                for name in NAMES
            ]
            for adder in adders:
                adder.start()
            if number < ROUNDS - 1:
                time.sleep(draw.uniform(0.02, 0.4))
                self.daemon.kill()
            for adder in adders:
                adder.join(60)
                self.assertFalse(adder.is_alive())
                acknowledged[adder.namespace].update(adder.acknowledged)
            if number == ROUNDS - 1:
                self.daemon.kill()
        self.daemon.start()
        for name, numbers in acknowledged.items():
            self._check(name, numbers)
        total = sum(map(len, acknowledged.values()))
        sys.stdout.write(f"\nkill -9: seed {SEED}, {total} of {FACTS} facts acknowledged\n")
        self.assertGreater(total, share)

    def _check(self, namespace: str, numbers: set[int]) -> None:
        client = bound(self.daemon, namespace)
        asked = {client.begin("memory.history", {"id": f"f{n}", "limit": 5}): n for n in numbers}
        missing = []
        while asked:
            answer = client.receive()
            number = asked.pop(answer["id"])
            ids = [row["id"] for row in answer.get("result", ())]
            chain = {f"f{number}", f"f{number - 1}"} if number % 10 == 9 else {f"f{number}"}
            if not chain.issubset(ids):
                missing.append((number, answer))
        self.assertEqual(missing, [], f"{namespace}, seed {SEED}")
        self.assertGreaterEqual(client.call("memory.fact_count"), len(numbers) * 0.85)
        client.close()


class BrokenFileTests(DaemonTestCase):
    """Files that are not what they should be."""

    def test_import_that_breaks_off(self) -> None:
        """A file cut in half changes nothing, and is told by its place; kill or no kill."""
        self.daemon.start()
        client = bound(self.daemon, "n")
        for number in range(50):
            client.call("memory.add_fact", fact(number))
        self.assertEqual(client.call("memory.persist", {"path": "m.json"}), 45)
        path = self.daemon.root / "memory" / "m.json"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        answer = client.begin("memory.load", {"path": "m.json"})
        message = client.receive()
        self.assertEqual(message["id"], answer)
        self.assertIn("m.json", message["error"]["message"])
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(bound(self.daemon, "n").call("memory.fact_count"), 45)
