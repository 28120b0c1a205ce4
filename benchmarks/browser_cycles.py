"""What is left behind after many browsers were opened and closed in one daemon: nothing, we hope.

Every other one is closed by ``browser.close``, the rest by their connections' end.
"""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from car.browser.profile import PREFIX
from tests.system.daemon import Daemon, wait_until
from tests.system.website import Website

_SETTLE_SECONDS = 10.0
"""For the last browser to be gone after its connection."""


class Held(NamedTuple):
    """What a daemon holds: processes below it, its descriptors, profiles, resident MiB."""

    processes: int
    descriptors: int
    profiles: int
    resident_mb: float


def held_by(daemon: Daemon) -> Held:
    """What *daemon* holds now."""
    profiles = Path(tempfile.gettempdir()).glob(f"{PREFIX}{daemon.process.pid}-*")
    figures = daemon.figures
    return Held(
        len(figures.children(recursive=True)),
        figures.num_fds(),
        len(list(profiles)),
        daemon.resident_mb,
    )


def run_cycles(count: int, flags: list[str]) -> None:
    """Open and close *count* browsers after a first one; print what is held before and after."""
    site = Website()
    with tempfile.TemporaryDirectory(prefix="car-bench-") as directory:
        daemon = Daemon(Path(directory) / "root")
        try:
            daemon.start()
            _cycle(daemon, site, flags, closes=True)
            before = held_by(daemon)
            taken = []
            for number in range(count):
                begun = time.perf_counter()
                _cycle(daemon, site, flags, closes=number % 2 == 0)
                taken.append(time.perf_counter() - begun)
            wait_until(lambda: held_by(daemon)[:3] == before[:3], _SETTLE_SECONDS)
            after = held_by(daemon)
        finally:
            daemon.kill()
            site.close()
    print(f"{count} cycles, {median(taken):.2f} s each (median)")
    for name, first, last in zip(Held._fields, before, after, strict=True):
        print(f"{name:12} {first:8.0f} before {last:8.0f} after")


def _cycle(daemon: Daemon, site: Website, flags: list[str], *, closes: bool) -> None:
    """One browser from launch to end."""
    client = daemon.client()
    script = [{"op": "navigate", "url": site.url("/form")}, {"op": "observe"}]
    steps = client.call("browser.run", {"script": script, "extra_args": flags})["steps"]
    assert [step["status"] for step in steps] == ["ok", "ok"], steps
    if closes:
        assert client.call("browser.close") == {"closed": True}
    client.close()
