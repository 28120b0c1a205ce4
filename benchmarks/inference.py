"""How long another session waits while local models load and work.

    python -m benchmarks.inference [-r ROUNDS] [-t TOKENS]

A fresh daemon a round.  One session asks the packaged models for an answer, for another and
for vectors; a second one sends small requests (``state.exists``) all the while, and its round
trips are what is printed, next to the time to the first token and the rate after it.  The
daemon's reactor never stands still longer than the longest of them.  It needs what the extras
``local`` and ``embed`` bring, and the packages of both models.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from tests.inference.local.needed import GGUF, ONNX, missing
from tests.system.client import Client, round_trip
from tests.system.daemon import Daemon

GOAL_MS = 25.0
"""What no round trip should take longer than (issue 4 of the project)."""

PAUSE_SECONDS = 0.002
"""Between two small requests, so that they are no load themselves."""

IDLE_SECONDS = 1.5
TEXTS = 64
PHASES = ("idle", "first answer", "next answer", "vectors")


class Talker:
    """One session's long calls; ``first`` and ``ended`` are when its stream began and ended."""

    def __init__(self, client: Client, tokens: int) -> None:
        self._client = client
        self._tokens = tokens
        self.first = self.ended = 0.0
        self.made = 0

    def idle(self) -> None:
        """Do nothing for a while."""
        time.sleep(IDLE_SECONDS)

    def answer(self) -> None:
        """Have a story told."""
        request = {"prompt": "Write a very long story.", "max_tokens": self._tokens}
        id = self._client.begin("infer_stream", request)
        self._client.wait_for("inference.stream.event")
        self.first = time.perf_counter()
        result: Any = self._client.result_of(id)
        self.ended = time.perf_counter()
        self.made = result["usage"]["output_tokens"]

    def vectors(self) -> None:
        """Have vectors made of some texts."""
        texts = [f"Story {number}: an owl looks for a place to sleep." for number in range(TEXTS)]
        self._client.call("embed", {"texts": texts})


def trips_during(witness: Client, work: Callable[[], None]) -> list[float]:
    """The round trips of *witness*, in milliseconds, while *work* is done."""
    thread = Thread(target=work)
    trips = []
    thread.start()
    while thread.is_alive():
        trips.append(round_trip(witness) * 1e3)
        time.sleep(PAUSE_SECONDS)
    return trips


def measure(daemon: Daemon, tokens: int, trips: dict[str, list[float]]) -> None:
    """One round: add to the *trips* of each phase, print how fast the answers were."""
    talker, witness = Talker(daemon.client(), tokens), daemon.client()
    round_trip(witness)
    works = (talker.idle, talker.answer, talker.answer, talker.vectors)
    for phase, work in zip(PHASES, works, strict=True):
        began = time.perf_counter()
        trips[phase] += trips_during(witness, work)
        if phase.endswith("answer"):
            rate = (talker.made - 1) / max(talker.ended - talker.first, 1e-9)
            print(
                f"{phase:<14}first token after {(talker.first - began) * 1e3:6.0f} ms, "
                f"then {rate:5.1f} tokens/s ({talker.made} tokens)"
            )
        else:
            print(f"{phase:<14}{time.perf_counter() - began:6.2f} s")


def main() -> None:
    """Print the rounds, then a line for each phase over all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-r", "--rounds", type=int, default=3)
    parser.add_argument("-t", "--tokens", type=int, default=200, help="of each answer")
    options = parser.parse_args()
    reason = missing(*GGUF, *ONNX)
    if reason is not None:
        raise SystemExit(reason)
    trips: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for _ in range(options.rounds):
        with TemporaryDirectory(prefix="car-bench-") as directory:
            daemon = Daemon(Path(directory) / "root")
            try:
                daemon.start("--inference-max-concurrent", "1")
                measure(daemon, options.tokens, trips)
            finally:
                daemon.kill()
    print(f"\n{'round trips':<14}{'count':>7}{'median ms':>11}{'p99 ms':>9}{'longest ms':>12}")
    for phase, found in trips.items():
        p99 = quantiles(found, n=100)[-1]
        print(f"{phase:<14}{len(found):7}{median(found):11.2f}{p99:9.2f}{max(found):12.2f}")
    longest = max(map(max, trips.values()))
    print(f"goal: none above {GOAL_MS:g} ms; longest {longest:.2f} ms")


if __name__ == "__main__":
    main()
