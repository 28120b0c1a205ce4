"""The memory's speed as it grows, beside the reference's engine in one interleaved run.

    python benchmarks/memory.py [--sizes 1000,10000,100000] [--reference PYTHON]
                                [--reference-sizes 1000,10000] [--json FILE] [--plot FILE.svg]

Both engines are driven in processes of their own through their public Python API, and take
turns at every size.  PYTHON is an interpreter that has ``car-runtime==0.6.0``; without one an
environment is made under ``benchmarks/build``.  Printed are medians in milliseconds, rates and
the resident memory a fact takes; goals and ratios stand beside them (memgine §9).
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
REFERENCE = "car-runtime==0.6.0"
QUERIES = 30
SLOW_QUERIES = 5
"""How many queries are timed; fewer where the first one took over a second."""

MIXED_ADDS = 10
"""Adds between two queries when both are mixed."""

GOALS = {
    10_000: {"add": 8_000, "query": 5, "context": 15, "fast": 2, "load": 0.3, "persist": 0.1},
    100_000: {"add": 8_000, "query": 25, "context": 50, "fast": 5, "load": 3, "persist": 1},
}


def facts(count: int, seed: int = 7) -> Iterator[tuple[str, str]]:
    """Subjects and bodies: words by a long-tailed vocabulary, several facts a subject."""
    chance = random.Random(seed)
    vocabulary = [_word(chance) for _ in range(20_000)]
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    words = chance.choices(vocabulary, weights, k=count * 10)
    for number in range(count):
        subject = f"{vocabulary[number * 7 % 20_000]} {vocabulary[number * 3 % 6_000]}"
        body = " ".join(words[number * 10 : number * 10 + chance.randint(6, 10)])
        yield subject, f"{body} {number % 977}"


def questions(count: int, seed: int = 11) -> list[str]:
    """Queries of three words each, of which some are common and some rare."""
    chance = random.Random(seed)
    return [
        " ".join(chance.choice(body.split()) for _ in range(3)) for _, body in facts(count, seed=7)
    ]


def _word(chance: random.Random) -> str:
    return "".join(
        chance.choice("bdfgklmnprstvz") + chance.choice("aeiou")
        for _ in range(chance.randint(2, 4))
    )


# ---- one engine, in a process of its own -----------------------------------------------------


class Ours:
    """A Memgine, driven as an embedder does."""

    def __init__(self) -> None:
        from car.memgine.facts import NewFact
        from car.memgine.memgine import Memgine

        self._new_fact = NewFact
        self._memory = Memgine()
        self._now = 1_700_000_000.0

    def add_fact(self, subject: str, body: str, kind: str) -> None:
        self._now += 1
        self._memory.add_fact(self._new_fact(subject=subject, body=body, kind=kind), self._now)

    def query_facts(self, query: str, k: int) -> object:
        return self._memory.query(query, k, self._now)

    def build_context(self, query: str) -> str:
        return self._memory.build_context(query, self._now)

    def build_context_fast(self, query: str) -> str:
        return self._memory.build_context(query, self._now, fast=True)

    def persist_memory(self, path: str) -> None:
        from car.memgine import interchange

        Path(path).write_bytes(interchange.dump(self._memory))

    def load_memory(self, path: str) -> None:
        from car.memgine import interchange

        self._memory = interchange.load(Path(path).read_bytes())


def work(engine: Any) -> None:
    """Answer sizes on standard input with figures on standard output, one JSON line each."""
    process = psutil.Process()
    begun, held = process.memory_info().rss, 0
    for line in sys.stdin:
        size = int(line)
        fresh = list(facts(size))[held:]
        started = time.perf_counter()
        for subject, body in fresh:
            engine.add_fact(subject, body, "pattern")
        row = {"add": len(fresh) / (time.perf_counter() - started)}
        held = size
        row["bytes"] = (process.memory_info().rss - begun) / size
        asked = questions(QUERIES)
        row["query"] = _median(lambda text: engine.query_facts(text, 5), asked)
        row["context"] = _median(engine.build_context, asked)
        row["fast"] = _median(engine.build_context_fast, asked)
        row["mixed"] = _mixed(engine, asked, held)
        held += MIXED_ADDS * SLOW_QUERIES
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "memory.json")
            row["persist"] = _seconds(lambda where=path: engine.persist_memory(where))
            row["load"] = _seconds(lambda where=path: engine.load_memory(where))
        print(json.dumps(row), flush=True)


def _mixed(engine: Any, asked: list[str], held: int) -> float:
    """Milliseconds of a query that follows ten adds."""
    taken = []
    extra = list(facts(held + MIXED_ADDS * SLOW_QUERIES, seed=13))[held:]
    for turn, text in enumerate(asked[:SLOW_QUERIES]):
        for subject, body in extra[turn * MIXED_ADDS : (turn + 1) * MIXED_ADDS]:
            engine.add_fact(subject, body, "pattern")
        taken.append(_seconds(lambda query=text: engine.query_facts(query, 5)))
    return statistics.median(taken) * 1e3


def _median(call: Callable[[str], object], asked: list[str]) -> float:
    """Milliseconds; of fewer queries where one takes longer than a second."""
    taken = [_seconds(lambda: call(asked[0]))]
    rest = asked[1 : SLOW_QUERIES if taken[0] > 1 else len(asked)]
    taken += [_seconds(lambda query=text: call(query)) for text in rest]
    return statistics.median(taken) * 1e3


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


# ---- both, in turns --------------------------------------------------------------------------


class Worker:
    """One engine's process."""

    def __init__(self, python: str, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, str(Path(__file__)), "--work", name],
            env={**os.environ, "CAR_FFI_MODE": "embedded"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, size: int) -> dict[str, float]:
        """Grow to *size* facts and measure; raises RuntimeError when the process ends."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(size, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self._process.wait()}")
        row: dict[str, float] = json.loads(line)
        return row

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def reference_python() -> str:
    """An interpreter with the reference's wheel, made at the first use."""
    home = HERE / "build" / "reference"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", REFERENCE, "psutil"], check=True)
    return str(python)


def report(size: int, rows: dict[str, dict[str, float]]) -> None:
    """Print the figures of one size: ours, the reference's, their ratio, the goal."""
    print(f"\n{size:,} facts")
    print(f"  {'':22}{'ours':>12}{'reference':>12}{'ratio':>9}{'goal':>9}")
    ours, theirs = rows["ours"], rows.get("reference", {})
    units = {"add": "facts/s", "persist": "s", "load": "s", "bytes": "octets a fact"}
    for name, value in ours.items():
        other = theirs.get(name)
        ratio = "" if not other else f"{value / other:.3f}"
        goal = GOALS.get(size, {}).get(name, "")
        unit = units.get(name, "ms")
        shown = "-" if other is None else f"{other:,.2f}"
        print(f"  {name + ' ' + unit:22}{value:>12,.2f}{shown:>12}{ratio:>9}{goal:>9}")


def plot(path: str, results: dict[int, dict[str, dict[str, float]]]) -> None:
    """Draw how the figures grow with the number of facts, on logarithmic axes."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "memory"
    from matplotlib import pyplot

    panels = {
        "query": "query, ms",
        "context": "context, ms",
        "add": "adds a second",
        "load": "load, s",
    }
    figure, axes = pyplot.subplots(1, len(panels), figsize=(13, 3.4), layout="constrained")
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        for engine, colour in (("ours", "#1f6feb"), ("reference", "#9a6700")):
            measured = [(size, rows[engine]) for size, rows in results.items() if engine in rows]
            points = [(size, row[name]) for size, row in measured]
            axis.plot(*zip(*points, strict=True), marker="o", color=colour, label=engine)
        goals = [(size, goal[name]) for size, goal in GOALS.items() if size in results]
        if goals:
            axis.plot(*zip(*goals, strict=True), "k_", markersize=14, label="goal")
        axis.set(xscale="log", yscale="log", title=title, xlabel="facts")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--reference", metavar="PYTHON", help="an interpreter with its wheel")
    parser.add_argument("--reference-sizes", default="1000,10000")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="FILE.svg")
    parser.add_argument("--work", choices=["ours", "reference"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work == "ours":
        work(Ours())
        return
    if options.work == "reference":
        import car_runtime

        work(car_runtime.CarRuntime())
        return
    sizes = [int(size) for size in options.sizes.split(",")]
    theirs = [int(size) for size in options.reference_sizes.split(",") if size]
    workers = [Worker(sys.executable, "ours")]
    if theirs:
        workers.append(Worker(options.reference or reference_python(), "reference"))
    results: dict[int, dict[str, dict[str, float]]] = {}
    for size in sizes:
        results[size] = {
            worker.name: worker.measure(size)
            for worker in workers
            if worker.name == "ours" or size in theirs
        }
        report(size, results[size])
    for worker in workers:
        worker.close()
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    if options.plot:
        plot(options.plot, results)


if __name__ == "__main__":
    main()
