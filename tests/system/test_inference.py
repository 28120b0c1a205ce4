"""Real models behind a real daemon: tokens, vectors, cancels, kills, a crowd.

The models are the small ones that packages bring; without them the tests are skipped, or fail
where ``CAR_MODELS_REQUIRED`` is 1.
"""

import os
import select
import selectors
import signal
import sys
import time

import psutil  # type: ignore[import-untyped]  # ships no types

from tests.inference.local.needed import GGUF, ONNX, missing
from tests.system.client import CallFailed, Client, Message, round_trip
from tests.system.daemon import PATIENCE, DaemonTestCase, wait_until

GENERATOR = "smollm2-135m-instruct"
WORKER = "car.worker.child"
EVENT = "inference.stream.event"

ONE_PERMIT = ("--inference-max-concurrent", "1")

WITHOUT_END: Message = {
    "prompt": "Go on.",
    "response_format": {"type": "json_schema", "schema": {"const": "owl " * 6_000}},
    "max_tokens": 7_000,
}
"""A request that takes a minute or two: the model may say nothing but one very long text."""

SESSIONS = 50
PROGRESS_SECONDS = 10.0
CANCEL_SECONDS = 1.0
"""Within which a model is free for the next session: a token, and the next answer's own time."""

STALL_SECONDS = 0.025
"""How long another session may wait for a small answer while a model loads and generates."""

GROWTH_MB = 8.0
"""What 50 waiting sessions may add to the daemon's memory for good."""


class InferenceCase(DaemonTestCase):
    """A daemon with one permit."""

    skip = missing(*GGUF, *ONNX)

    def setUp(self) -> None:
        super().setUp()
        self.daemon.start(*ONE_PERMIT, *self.flags())

    def flags(self) -> tuple[str, ...]:
        """Further flags of the daemon."""
        return ()

    @property
    def workers(self) -> list[int]:
        """The ids of the processes that run models."""
        children = self.daemon.figures.children(recursive=True)
        return [child.pid for child in children if WORKER in child.cmdline()]

    def begin_endless(self) -> tuple[Client, int]:
        """A client whose stream has begun and will not end soon, and its request's id."""
        client = self.client()
        id = client.begin("infer_stream", WITHOUT_END)
        client.wait_for(EVENT)
        return client, id

    def ask(self, client: Client, max_tokens: int = 3) -> Message:
        """The result of a short generation."""
        params = {"prompt": "Name a colour.", "params": {"max_tokens": max_tokens}}
        result: Message = client.call("infer", params)
        return result


class GenerationTests(InferenceCase):
    """Real tokens."""

    def test_infer(self) -> None:
        """A text with usage in both vocabularies and timings; the call shows in the stats."""
        client = self.client()
        result = self.ask(client, max_tokens=8)
        self.assertTrue(result["text"].strip())
        self.assertEqual((result["model_used"], result["tool_calls"]), (GENERATOR, []))
        usage = result["usage"]
        self.assertGreater(usage["input_tokens"], 8)
        self.assertIn(usage["output_tokens"], range(1, 9))
        self.assertEqual(usage["prompt_tokens"], usage["input_tokens"])
        self.assertEqual(usage["completion_tokens"], usage["output_tokens"])
        self.assertEqual(usage["total_tokens"], usage["input_tokens"] + usage["output_tokens"])
        self.assertEqual(usage["context_window"], 8_192)
        self.assertIn(result["stop_reason"], ("length", "stop"))
        self.assertTrue(0 < result["time_to_first_token_ms"] <= result["latency_ms"], result)
        [profile] = client.call("models.stats")["profiles"]
        self.assertEqual((profile["total_calls"], profile["success_count"]), (1, 1))

    def test_stream(self) -> None:
        """Tokens come one by one under the request's id and make up the text of the reply."""
        client = self.client()
        params = {"prompt": "Count to ten.", "max_tokens": 8, "temperature": 0}
        id = client.begin("infer_stream", params)
        result = client.result_of(id)
        told = [message["params"] for message in client.notified if message["method"] == EVENT]
        self.assertEqual({params["request_id"] for params in told}, {id})
        events = [params["event"] for params in told]
        pieces = [event["data"] for event in events if event["type"] == "text"]
        self.assertGreater(len(pieces), 2)
        self.assertEqual("".join(pieces), result["text"])
        [usage] = [event for event in events if event["type"] == "usage"]
        for name in ("input_tokens", "output_tokens"):
            self.assertEqual(usage[name], result["usage"][name])
        [stop] = [event["data"] for event in events if event["type"] == "stop_reason"]
        self.assertEqual(stop, result["stop_reason"])

    def test_memory_context(self) -> None:
        """What memory knows of the question goes into the prompt, and makes it longer."""
        client = self.client()
        fact = {"subject": "ci", "body": "runs on pushes to main"}
        client.call("memory.add_fact", fact)
        asked = {"prompt": "When does ci run?", "max_tokens": 1}
        plain = client.call("infer", {**asked, "context": "-"})["usage"]["input_tokens"]
        aware = client.call("infer", {**asked, "context_query": "when does ci run?"})
        self.assertGreater(aware["usage"]["input_tokens"], plain + 5)


class OthersTests(InferenceCase):
    """Sessions that ask no model for anything."""

    def test_never_stalled(self) -> None:
        """They are answered at once while a model loads, generates and makes vectors."""
        talker, witness = self.client(), self.client()
        trips = [round_trip(witness) for _ in range(20)]
        story = {"prompt": "Write a long story.", "max_tokens": 60}
        for method, params in (("infer", story), ("embed", {"texts": ["owl"] * 64})):
            id = talker.begin(method, params)
            while not select.select([talker.socket], [], [], 0)[0]:
                trips.append(round_trip(witness))
            talker.result_of(id)
        longest = max(trips)
        sys.stdout.write(f"\nlongest of {len(trips)} round trips: {longest * 1e3:.1f} ms\n")
        self.assertLess(longest, STALL_SECONDS * PATIENCE)


class TextTests(InferenceCase):
    """Vectors, ranking, labels, tokens."""

    def test_neighbours(self) -> None:
        """Sentences about the same thing are nearest to each other."""
        texts = [
            "How do I reset my password?",
            "Steps to change your login credentials",
            "The cat sleeps on the sofa.",
            "A kitten is napping on the couch.",
        ]
        vectors = self.client().call("embed", {"texts": texts})["embeddings"]
        for index, vector in enumerate(vectors):
            self.assertAlmostEqual(_product(vector, vector), 1.0, places=4)
            nearness = [_product(vector, other) for other in vectors]
            nearness[index] = -1.0
            self.assertEqual(nearness.index(max(nearness)), index ^ 1, texts[index])

    def test_rerank(self) -> None:
        """The document that answers comes first; it is told what compared them."""
        documents = ["Shares fell sharply.", "A cat sat on the mat.", "It may rain."]
        asked = {"query": "Where is the kitten?", "documents": documents, "top_n": 2}
        result = self.client().call("rerank", asked)
        self.assertEqual([row["index"] for row in result["ranked"]][:1], [1])
        self.assertEqual(len(result["ranked"]), 2)
        self.assertEqual(result["ranked"][0]["document"], documents[1])
        self.assertTrue(result["model_used"].startswith("bi-encoder:"), result["model_used"])

    def test_classify(self) -> None:
        """The label that fits gets the largest share; the shares sum to 1."""
        text = "The striker scored two goals in the final."
        asked = {"text": text, "labels": ["politics", "sports", "cooking"]}
        rows = self.client().call("classify", asked)["classifications"]
        self.assertEqual(rows[0]["label"], "sports")
        self.assertAlmostEqual(sum(row["score"] for row in rows), 1.0)

    def test_tokens(self) -> None:
        """A text becomes ids and the same text again."""
        client, text = self.client(), "Größe owl"
        tokens = client.call("tokenize", {"model": GENERATOR, "text": text})["tokens"]
        self.assertGreater(len(tokens), 2)
        asked = {"model": GENERATOR, "tokens": tokens}
        self.assertEqual(client.call("detokenize", asked), {"text": text})


class EndingTests(InferenceCase):
    """Calls that do not come to their end."""

    def flags(self) -> tuple[str, ...]:
        return ("--limit", "drain_timeout=0.2")

    def test_connection_closed(self) -> None:
        """A client that goes frees the model: the next session is served by the same worker."""
        talker, _ = self.begin_endless()
        workers = self.workers
        client = self.client()
        waiting = client.begin("infer", {"prompt": "Name a colour.", "max_tokens": 2})
        self.assertEqual(client.call("admission.status")["permits_in_use"], 1)
        begun = time.monotonic()
        talker.close()
        self.assertTrue(client.result_of(waiting)["text"])
        self.assertLess(time.monotonic() - begun, CANCEL_SECONDS * PATIENCE)
        self.assertEqual(self.workers, workers)
        self.assertTrue(wait_until(lambda: self.permits_in_use(client) == 0, 5))

    def permits_in_use(self, client: Client) -> int:
        """How many generate now."""
        permits: int = client.call("admission.status")["permits_in_use"]
        return permits

    def test_worker_killed(self) -> None:
        """The call under way fails with an error event and an error; the next one works."""
        client, id = self.begin_endless()
        [worker] = self.workers
        os.kill(worker, signal.SIGKILL)
        with self.assertRaises(CallFailed) as caught:
            client.result_of(id)
        self.assertEqual(caught.exception.code, -32603)
        self.assertEqual(caught.exception.data, {"code": "worker"})
        self.assertIn("gguf worker exited (signal 9)", str(caught.exception))
        event = client.notified[-1]["params"]["event"]
        self.assertEqual(event, {"type": "error", "message": "gguf worker exited (signal 9)"})
        self.assertTrue(self.ask(client)["text"])
        self.assertNotEqual(self.workers, [worker])
        [profile] = client.call("models.stats")["profiles"]
        self.assertEqual((profile["success_count"], profile["fail_count"]), (1, 1))

    def test_stop(self) -> None:
        """A daemon that stops in the middle of an answer leaves no worker behind."""
        self.begin_endless()
        workers = self.workers
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(), 0)
        self.assertEqual([pid for pid in workers if psutil.pid_exists(pid)], [])

    def test_kill(self) -> None:
        """A daemon that is killed takes its workers with it."""
        self.begin_endless()
        workers = self.workers
        os.kill(self.daemon.process.pid, signal.SIGKILL)
        self.daemon.wait()
        gone = wait_until(lambda: not any(map(psutil.pid_exists, workers)), 10)
        self.assertTrue(gone, workers)


class CrowdTests(InferenceCase):
    """Many sessions that all want the one permit."""

    def flags(self) -> tuple[str, ...]:
        return ("--limit", f"inference_waiting={SESSIONS}")

    def test_crowd(self) -> None:
        """They wait in order and hear that they do; who goes leaves the queue; memory stays."""
        talker, _ = self.begin_endless()
        watcher = self.client()
        clients = [self.client() for _ in range(SESSIONS)]
        resident = self.daemon.resident_mb
        begun = time.monotonic()
        asked = {client: self.begin_short(client) for client in clients}
        self.assertTrue(self.is_refused(watcher))
        for client, id in asked.items():
            self.assertEqual(client.wait_for("infer.progress"), {"id": id})
        waited = time.monotonic() - begun
        self.assertGreater(waited, PROGRESS_SECONDS - 0.1)
        slowest = max(round_trip(watcher) for _ in range(50))
        for client in clients[::2]:
            client.close()
        self.assertTrue(wait_until(lambda: not self.is_refused(watcher), 5))
        status = watcher.call("admission.status")
        self.assertEqual((status["permits_total"], status["permits_in_use"]), (1, 1))
        talker.close()
        self.assertEqual(self.order_of_answers(clients[1::2]), clients[1::2])
        growth = self.daemon.resident_mb - resident
        sys.stdout.write(
            f"\n{SESSIONS} sessions, one permit: progress after {waited:.1f} s, daemon grown by "
            f"{growth:.1f} MiB, slowest other request {slowest * 1e3:.1f} ms\n"
        )
        self.assertLess(growth, GROWTH_MB)
        self.assertEqual(len(self.workers), 1)
        calls = SESSIONS // 2 + 1  # and the watcher's own
        self.assertTrue(wait_until(lambda: self.calls_done(clients[1]) == calls, 5))
        self.assertEqual(clients[1].call("admission.status")["permits_available"], 1)

    def begin_short(self, client: Client) -> int:
        """Ask for a few tokens; by the time this ends the daemon has the request."""
        id = client.begin("infer", {"prompt": "Name a colour.", "max_tokens": 2})
        client.call("state.exists", {"key": "witness"})
        return id

    def is_refused(self, client: Client) -> bool:
        """Ask once more: whether that is answered at once, as there is no place in the queue."""
        infer = client.begin("infer", {"prompt": "Name a colour.", "max_tokens": 2})
        client.begin("models.route", {"prompt": "hi"})  # it is asked of the models after it
        answer = client.receive()
        if answer["id"] != infer:
            return False
        self.assertEqual(answer["error"]["data"], {"code": "busy"})
        client.receive()
        return True

    def calls_done(self, client: Client) -> int:
        """How many generations have ended well."""
        [profile] = client.call("models.stats")["profiles"]
        done: int = profile["success_count"]
        return done

    def order_of_answers(self, clients: list[Client]) -> list[Client]:
        """*clients* as their results come."""
        order: list[Client] = []
        with selectors.DefaultSelector() as selector:
            for client in clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while len(order) < len(clients):
                for key, _ in selector.select(20):
                    message = key.data.receive()
                    if "result" in message:
                        selector.unregister(key.fileobj)
                        order.append(key.data)
        return order


def _product(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
