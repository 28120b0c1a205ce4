"""What a browser costs: its launch, what is done in it, its end.

    python -m benchmarks.browser [--playwright PYTHON] [-n ROUNDS] [-t TIMES] [--flag=--no-sandbox]
    python -m benchmarks.browser --transports [-n LAUNCHES] [-r ROUND_TRIPS]
    python -m benchmarks.browser --cycles N

The steps of scripts, beside Playwright's where PYTHON has it (``browser_steps``); or what stands
below them, for the pipes and for the port: medians of LAUNCHES browsers one after the other,
"stall" being the longest that the reactor stood still meanwhile; or what N browsers leave behind
(``browser_cycles``).
"""

import argparse
import statistics
import time
from typing import NamedTuple

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, react

from benchmarks.browser_cycles import run_cycles
from benchmarks.browser_steps import Contest
from car.browser.arguments import LaunchSettings
from car.browser.process import launch

_BEAT_SECONDS = 0.001


class Figures(NamedTuple):
    """One browser's figures, in milliseconds."""

    launch: float
    p50: float
    p99: float
    close: float
    stall: float


class Pulse:
    """Beats a thousand times a second; ``stall`` is the longest pause, in milliseconds."""

    def __init__(self) -> None:
        self.stall = 0.0
        self._last = time.perf_counter()
        self._beats = LoopingCall(self._beat)
        self._beats.start(_BEAT_SECONDS)

    def stop(self) -> None:
        """Beat no more."""
        self._beats.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.stall = max(self.stall, (now - self._last - _BEAT_SECONDS) * 1_000)
        self._last = now


async def measure(settings: LaunchSettings, port: bool, round_trips: int) -> Figures:
    """One browser from launch to close; the round trips are made without the pulse."""
    pulse = Pulse()
    began = time.perf_counter()
    browser = await launch(reactor, settings, port=port)
    launched = time.perf_counter() - began
    pulse.stop()
    trips = []
    for _ in range(round_trips):
        began = time.perf_counter()
        await browser.connection.call("Target.getTargetInfo")
        trips.append(time.perf_counter() - began)
    trips.sort()
    began = time.perf_counter()
    await browser.close()
    closed = time.perf_counter() - began
    p50, p99 = (trips[int(part * (len(trips) - 1))] for part in (0.5, 0.99))
    return Figures(launched * 1_000, p50 * 1_000, p99 * 1_000, closed * 1_000, pulse.stall)


async def compare(options: argparse.Namespace) -> None:
    """Both ways to talk to it, in turns."""
    settings = LaunchSettings(extra_args=tuple(options.flag))
    found: dict[str, list[Figures]] = {"pipe": [], "port": []}
    for _ in range(options.launches):
        for way, figures in found.items():
            figures.append(await measure(settings, way == "port", options.round_trips))
    print("        launch   p50 trip   p99 trip      close  stall (ms)")
    for way, figures in found.items():
        row = Figures._make(map(statistics.median, zip(*figures, strict=True)))
        print(
            f"{way} {row.launch:9.0f} {row.p50:10.3f} {row.p99:10.3f} {row.close:10.0f} "
            f"{row.stall:11.1f}"
        )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--playwright", metavar="PYTHON", help="an interpreter that has it")
    what.add_argument("--transports", action="store_true", help="pipes and port")
    what.add_argument("--cycles", type=int, metavar="N", help="what is left after so many")
    parser.add_argument("-n", "--launches", type=int, default=10)
    parser.add_argument("-t", "--times", type=int, default=20, help="each step, each launch")
    parser.add_argument("-r", "--round-trips", type=int, default=1_000)
    parser.add_argument("--flag", action="append", default=[], help="one more for Chromium")
    options = parser.parse_args()
    if options.transports:
        react(lambda _: Deferred.fromCoroutine(compare(options)))
    elif options.cycles is not None:
        run_cycles(options.cycles, options.flag)
    else:
        contest = Contest(options.times, options.flag, options.playwright)
        contest.run(options.launches)
        contest.print()


if __name__ == "__main__":
    main()
