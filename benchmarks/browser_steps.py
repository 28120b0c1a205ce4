"""Our browser's steps beside those of Playwright's Python client, on the same Chromium and page.

Both take turns within each round, each with a browser launched afresh.  Ours is measured as a
client of a daemon sees it, wire included; ``in the daemon`` is what the steps themselves took.
Playwright's ``fill`` stands beside ``type`` with ``clear``, its accessibility snapshot with
references beside ``observe``; starting its driver is not counted.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from car.browser.finding import find_browser
from tests.system.client import Client
from tests.system.daemon import Daemon
from tests.system.website import Website

STEPS = ("launch", "navigate", "observe", "type", "click", "screenshot", "round trip", "close")

Taken = dict[str, list[float]]
"""Milliseconds by step."""

_PEER = Path(__file__).with_name("browser_playwright.py")


class Contest:
    """A daemon and a site for some rounds; gathers the figures of all."""

    def __init__(self, times: int, flags: list[str], playwright: str | None) -> None:
        self._times = times
        self._flags = flags
        self._playwright = playwright
        self.ours: Taken = {}
        self.within: Taken = {}
        self.theirs: Taken = {}

    def run(self, rounds: int) -> None:
        """Let both have their turn so often."""
        site = Website()
        with TemporaryDirectory(prefix="car-bench-") as directory:
            daemon = Daemon(Path(directory) / "root")
            try:
                daemon.start("--browser-evaluate")
                for _ in range(rounds):
                    self._ours(daemon.client(), site.url("/form"))
                    if self._playwright is not None:
                        self._theirs(self._playwright, site.url("/form"))
            finally:
                daemon.kill()
                site.close()

    def _ours(self, client: Client, url: str) -> None:
        def step(name: str, **operation: Any) -> Any:
            script = [operation] if operation else []
            params = {"script": script, "extra_args": self._flags}
            steps = _timed(self.ours, name, lambda: client.call("browser.run", params))["steps"]
            for each in steps:
                assert each["status"] == "ok", each
                self.within.setdefault(name, []).append(each["duration_ms"])
            return steps[0]["data"] if steps else None

        step("launch")
        for number in range(self._times):
            step("navigate", op="navigate", url=url)
            summary = step("observe", op="observe")["summary"]
            field = _id(summary, 'text_input "Name"')
            text = f"name {number}"
            step("type", op="type", element_id=field, text=text, clear=True)
            step("click", op="click", element_id=_id(summary, 'checkbox "Agree"'))
            step("screenshot", op="screenshot")
            step("round trip", op="evaluate", expression="1")
        _timed(self.ours, "close", lambda: client.call("browser.close"))
        client.close()

    def _theirs(self, python: str, url: str) -> None:
        command = [python, str(_PEER), find_browser().path, url, str(self._times), *self._flags]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        for name, taken in json.loads(done.stdout).items():
            self.theirs.setdefault(name, []).extend(taken)

    def print(self) -> None:
        """The table: medians and 95th percentiles, and the ratio of the medians."""
        print(f"{'':12}{'ours':>18}{'in the daemon':>18}{'Playwright':>18}{'ratio':>8}")
        print(f"{'ms':12}" + "       p50     p95" * 3)
        for name in STEPS:
            cells = [_cell(taken.get(name)) for taken in (self.ours, self.within, self.theirs)]
            ratio = ""
            if name in self.theirs:
                ratio = f"{median(self.theirs[name]) / median(self.ours[name]):.1f}"
            print(f"{name:12}{''.join(cells)}{ratio:>8}")


def _timed(taken: Taken, name: str, work: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    result = work()
    taken.setdefault(name, []).append((time.perf_counter() - begun) * 1_000)
    return result


def _cell(taken: list[float] | None) -> str:
    if not taken:
        return f"{'-':>10}{'-':>8}"
    p95 = quantiles(taken, n=20)[-1] if len(taken) > 1 else taken[0]
    return f"{median(taken):10.2f}{p95:8.2f}"


def _id(summary: str, listed: str) -> str:
    found = re.search(rf"\[(el_\d+)\] {re.escape(listed)}", summary)
    assert found is not None, summary
    return found[1]
