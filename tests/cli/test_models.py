"""Tests of car models: what is printed of a told daemon's answers, and a real one's pulls."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.cli import models
from car.cli.pulling import show_progress
from car.client.errors import RpcError
from car.ir.json import JsonObject
from tests.cli.running import RUN_SECONDS, DaemonCase, Ended
from tests.cli.telling import Screen, ToldCase


def row(id: str, **members: Any) -> JsonObject:
    """A row of ``models.list_unified``: a provider's model that can be used."""
    whole: JsonObject = {
        "id": id,
        "capabilities": ["generate", "code"],
        "size_mb": 0,
        "context_length": 0,
        "available": True,
        "is_local": False,
        "weights_ready": True,
        "downloads_weights": False,
    }
    return whole | members


HOSTED = row("lab/hosted:1", context_length=8192)
KEYLESS = row("lab/keyless:1", available=False)
PULLABLE = row(
    "lab/small:q4",
    available=False,
    is_local=True,
    weights_ready=False,
    downloads_weights=True,
    size_mb=98,
)


class ListTests(ToldCase):
    """Looking at models."""

    module = models

    def setUp(self) -> None:
        super().setUp()
        self.client.answers["models.list_unified"] = [HOSTED, KEYLESS, PULLABLE]

    def test_available(self) -> None:
        """What can be used now, unless told otherwise."""
        told = "lab/hosted:1  remote  usable    8192 tokens  generate, code\n"
        self.assertEqual(self.run_here("models", "list"), (0, told, ""))
        self.assertEqual(self.run_here("models", "list", "--available").out, told)

    def test_all(self) -> None:
        """--all has every model with its state, --local those of this machine."""
        lines = self.run_here("models", "list", "--all").out.splitlines()
        states = [line.split("  ")[2].strip() for line in lines]
        self.assertEqual(states, ["usable", "not usable", "to be pulled"])
        (line,) = self.run_here("models", "list", "--local").out.splitlines()
        self.assertIn("98 MB", line)
        self.assertRefused(self.run_here("models", "list", "--all", "--local"), 2, "not allowed")

    def test_json(self) -> None:
        """--json has the rows as the daemon gave them."""
        ended = self.run_here("models", "list", "--json")
        self.assertEqual(json.loads(ended.out), [HOSTED])

    def test_nothing(self) -> None:
        """Where no model can be used there is a word of what to do."""
        self.client.answers["models.list_unified"] = [KEYLESS]
        ended = self.run_here("models", "list")
        self.assertEqual(ended.out, "")
        self.assertRefused(ended, 0, "list --all")
        self.assertEqual(self.run_here("models", "list", "--local"), (0, "", ""))

    def test_search(self) -> None:
        """What is looked for is sent; the counts stand below."""
        counts = {"total": 3, "available": 1, "local": 0, "remote": 3}
        self.client.answers["models.search"] = {"models": [HOSTED], "upgrades": [], **counts}
        words = ["hosted", "--capability", "code", "--provider", "lab", "--limit", "1"]
        ended = self.run_here("models", "search", *words, "--available")
        self.assertEqual(
            ended.out.splitlines()[1], "3 models: 1 usable now, 0 local, 3 remote", ended
        )
        self.assertEqual(
            self.client.calls[0][1],
            {
                "query": "hosted",
                "capability": "code",
                "provider": "lab",
                "localOnly": False,
                "availableOnly": True,
                "limit": 1,
            },
        )

    def test_nothing_found(self) -> None:
        """Nothing found is no failure."""
        counts = {"total": 0, "available": 0, "local": 0, "remote": 0}
        self.client.answers["models.search"] = {"models": [], "upgrades": [], **counts}
        told = "0 models: 0 usable now, 0 local, 0 remote\n"
        self.assertEqual(self.run_here("models", "search", "x"), (0, told, ""))


class ChoiceTests(ToldCase):
    """Which model is chosen, and what is known of how they do."""

    module = models

    def test_route(self) -> None:
        """The choice with its reason, then what else was weighed."""
        weighed = [("a", True), ("b", False), ("c", False)]
        self.client.answers["models.route"] = {
            "model_id": "a",
            "reason": "A simple task",
            "fallbacks": ["b"],
            "context_length": 256,
            "needs_compaction": True,
            "candidates": [
                {"model_id": id, "reliability": 0.5, "score": 0.75, "selected": selected}
                for id, selected in weighed
            ],
        }
        self.assertEqual(
            self.run_here("models", "route", "hello").out.splitlines(),
            [
                "a: A simple task",
                "the prompt is too long for its context of 256 tokens",
                "then  b  quality 0.50  score 0.75",
                "not   c  quality 0.50  score 0.75",
            ],
        )
        self.assertEqual(self.client.calls, [("models.route", {"prompt": "hello"})])

    def test_stats(self) -> None:
        """A line for each model that was called."""
        profile = {"model_id": "a", "total_calls": 3, "fail_count": 1}
        profile |= {"avg_latency_ms": 12.4, "ema_quality": 0.48}
        self.client.answers["models.stats"] = {"profiles": [profile]}
        told = "a  3 calls  1 failed  12 ms  quality 0.48\n"
        self.assertEqual(self.run_here("models", "stats"), (0, told, ""))
        self.client.answers["models.stats"] = {"profiles": []}
        self.assertEqual(self.run_here("models", "stats"), (0, "", ""))


class PullTests(ToldCase):
    """car models pull, told of its progress."""

    module = models

    def test_lines(self) -> None:
        """How it goes is told on the standard error, where the files are on the output."""
        for event in EVENTS:
            self.client.told.append(("models.pull_progress", {"model": "m", "event": event}))
        self.client.answers["models.pull"] = {"path": "/models/w.gguf"}
        ended = self.run_here("models", "pull", "m")
        self.assertEqual((ended.status, ended.out), (0, "/models/w.gguf\n"))
        self.assertEqual(
            ended.err.splitlines(),
            ["w.gguf: 200 MB", "w.gguf: 25%  50 of 200 MB", "w.gguf: done"],
        )
        self.assertEqual(self.client.calls, [("models.pull", {"name": "m"})])
        self.assertEqual(self.run_here("models", "pull", "m", "--json").err, "")

    def test_failures(self) -> None:
        """A pull that fails or is interrupted is one line."""
        self.client.answers["models.pull"] = RpcError(-32603, "no space")
        self.assertRefused(self.run_here("models", "pull", "m"), 1, "no space")
        del self.client.answers["models.pull"]
        self.assertRefused(self.run_here("models", "pull", "m"), 130, "interrupted")


EVENTS: list[JsonObject] = [
    {"event": "started", "model": "m", "total_files": 1, "total_mb": 200.0},
    {"event": "file_started", "filename": "w.gguf", "index": 0, "total_files": 1, "size_mb": 200.0},
    {"event": "file_progress", "filename": "w.gguf", "received_mb": 10.0, "size_mb": 200.0},
    {"event": "file_progress", "filename": "w.gguf", "received_mb": 50.0, "size_mb": 200.0},
    {"event": "file_completed", "filename": "w.gguf"},
    {"event": "completed", "model": "m"},
]


class BarTests(SynchronousTestCase):
    """The bar of a terminal."""

    def drawn(self, *events: JsonObject, columns: int = 80) -> list[str]:
        """What a bar draws for *events*, one a second."""
        self.patch(os, "environ", {"COLUMNS": str(columns), "LINES": "24"})
        screen = Screen()
        seconds = iter(range(100))
        bar = show_progress(screen, lambda: float(next(seconds)))
        for event in events:
            bar.take(event)
        bar.end()
        return [re.sub(" +(\n?)$", r"\1", line) for line in screen.getvalue().split("\r")[1:]]

    def test_whole(self) -> None:
        """It grows over itself, tells speed and time, and ends with its line."""
        self.assertEqual(
            self.drawn(*EVENTS),
            [
                "w.gguf  [------------------------]  0%  0 of 200 MB",
                "w.gguf  [#-----------------------]  5%  10 of 200 MB",
                "w.gguf  [######------------------]  25%  50 of 200 MB  40.0 MB/s  4 s left",
                "w.gguf  [########################]  100%  200 of 200 MB\n",
            ],
        )

    def test_unknown_size(self) -> None:
        """Without a size there is no bar but an amount, in small figures where it is small."""
        started = {"event": "file_started", "filename": "t.json", "size_mb": 0.0}
        progress = {"event": "file_progress", "filename": "t.json", "size_mb": 0.0}
        completed = {"event": "file_completed", "filename": "t.json"}
        events = [progress | {"received_mb": amount} for amount in (0.25, 30.25)]
        drawn = self.drawn(started, *events, completed)
        self.assertEqual(drawn[1:3], ["t.json  0.25 MB", "t.json  30 MB  30.0 MB/s"])
        self.assertTrue(drawn[3].startswith("t.json  30 MB"))

    def test_long(self) -> None:
        """A long time is told in minutes; what is broken off ends its line too."""
        slow = EVENTS[2] | {"received_mb": 11.0}
        drawn = self.drawn(*EVENTS[1:3], slow)
        self.assertTrue(drawn[-1].endswith("1.0 MB/s  3 min 09 s left\n"), drawn)

    def test_narrow(self) -> None:
        """It keeps to one line of the terminal."""
        self.assertEqual(self.drawn(EVENTS[1], columns=20), ["w.gguf  [----------\n"])

    def test_other_events(self) -> None:
        """What means nothing to it is not shown, and no line is ended that was not begun."""
        self.assertEqual(self.drawn(EVENTS[0], {"event": "paused"}), [])


class RealDaemonTests(DaemonCase):
    """All of it, with a daemon in a process of its own and a server of files."""

    def setUp(self) -> None:
        super().setUp()
        (self.directory / "site").mkdir()
        server = subprocess.Popen(
            [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
            cwd=self.directory / "site",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(server.communicate, timeout=RUN_SECONDS)
        self.addCleanup(server.terminate)
        assert server.stdout is not None
        self.site = server.stdout.readline().partition("(")[2].partition("/)")[0]

    def say(self, *argv: str) -> Ended:
        """Run a command of car models that succeeds."""
        ended = self.run_child("models", *argv)
        self.assertEqual(ended.status, 0, ended)
        return ended

    def test_round(self) -> None:
        """Register, find, pull twice, remove, forget."""
        weights = "x" * 1_500_000
        self.write("site/w.gguf", weights)
        source = {"type": "local", "path": "small.gguf", "url": f"{self.site}/w.gguf"}
        schema = {"id": "lab/small:q4", "name": "small", "capabilities": ["generate"]}
        file = self.write("small.json", json.dumps({**schema, "source": source}))
        self.assertEqual(self.say("register", file).out, "lab/small:q4: visible immediately\n")
        self.assertIn("to be pulled", self.say("search", "lab/small").out)
        ended = self.say("pull", "small")
        place = Path(ended.out.strip())
        self.assertEqual((place.name, place.read_text()), ("small.gguf", weights))
        self.assertIn("small.gguf: begun\n", ended.err)
        self.assertIn("small.gguf: done\n", ended.err)
        self.assertEqual(self.say("pull", "small"), (0, f"{place}\n", ""))
        self.assertEqual(self.say("remove", "small").out, "lab/small:q4: files removed\n")
        self.assertFalse(place.exists())
        self.assertIn("forgotten", self.say("unregister", "lab/small:q4").out)

    def test_refusals(self) -> None:
        """What the daemon refuses is one line that names what is wrong."""
        self.assertRefused(self.run_child("models", "pull", "smal"), 1, "model not found: smal")
        self.assertRefused(self.run_child("models", "unregister", "x/y"), 1, "not found")
        broken = self.write("broken.json", '{"id": "a/b"}')
        self.assertRefused(self.run_child("models", "register", broken), 1, "name", "(-32602)")
        listed = self.write("list.json", "[]")
        self.assertRefused(self.run_child("models", "register", listed), 2, "JSON object")
        self.assertEqual(self.say("stats").out, "")
