"""The daemon's wire speed beside stock Autobahn, in one interleaved run.

    python benchmarks/wire.py [-r ROUNDS] [-t SECONDS] [NAME …]

Each round starts every server afresh and measures it, so that all see the same weather;
server on one core, load generator on the other where the machine has two.  Printed are
medians over the rounds: rate, CPU time of the server a message, and the ratio of the rates
to the base, which is what the goals are stated in (``performance.md`` §12).
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
BUILD = HERE / "build"
TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """One goal: a name, the base, what the generator does to each, the ratio aimed at."""

    name: str
    base: str
    base_load: list[str]
    our_load: list[str]
    goal: float | None
    journal: bool = True


def _rpc(connections: int, window: int) -> tuple[list[str], list[str]]:
    shape = ["-c", str(connections), "-w", str(window)]
    return ["-m", "echo", "-s", "100", *shape], ["-m", "rpc", "-M", "state.exists", *shape]


def _callbacks(connections: int, actions: int, behaviour: str) -> tuple[list[str], list[str]]:
    shape = ["-m", "cb", "-c", str(connections), "-n", str(actions)]
    ours = [*shape, "-R"] + (["-F", behaviour] if behaviour != "abort" else [])
    return shape, ours


LOADS = [
    Load("requests 10 x 16", "echo", *_rpc(10, 16), 3.5),
    Load("requests 100 x 1", "echo", *_rpc(100, 1), 1.8),
    Load("callbacks 1 x 1000 skip", "callbacks", *_callbacks(1, 1000, "skip"), 2.0),
    Load("callbacks 100 x 10 skip", "callbacks", *_callbacks(100, 10, "skip"), 1.8),
    Load("callbacks 100 x 10 abort", "callbacks", *_callbacks(100, 10, "abort"), None),
]


def build_generator() -> Path:
    """Compile the load generator if it is not there yet."""
    target = BUILD / "loadgen"
    source = HERE / "loadgen.c"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", str(target), str(source)], check=True)
    return target


def pinned(core: int) -> list[str]:
    """The prefix that keeps a command on one core, where there are two and a way to."""
    if shutil.which("taskset") and len(os.sched_getaffinity(0)) > 1:
        return ["taskset", "-c", str(core)]
    return []


def start(command: list[str], port: int, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a server and wait until it listens."""
    import socket

    process = subprocess.Popen(
        [*pinned(0), *command],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("BENCH_ERRORS") else subprocess.DEVNULL,
    )
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"{command} does not listen on {port}")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far: its main thread to the nanosecond."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def measure(generator: Path, load: list[str], port: int, seconds: float, pid: int) -> Any:
    """One run of the generator: its figures, with the server's CPU a message."""
    command = [*pinned(1), str(generator), "-p", str(port), "-t", str(seconds), *load]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    if run.stdout.readline().strip() != "GO":
        raise SystemExit(f"the generator did not start: {command}")
    before = cpu_seconds(pid)
    figures = json.loads(run.stdout.readline())
    figures["cpu_us"] = (cpu_seconds(pid) - before) / max(1, figures["msgs"]) * 1e6
    run.wait()
    return figures


def daemon(port: int, root: str, journal: bool) -> tuple[list[str], dict[str, str]]:
    """The command of the daemon on a root of its own."""
    command = [
        sys.executable, "-m", "twisted", "--log-file", os.devnull, "car",
        "--no-auth", "--port", str(port), "--socket", "none",
    ]  # fmt: skip
    if not journal:
        command += ["--durability", "none"]
    return command, {**os.environ, "CAR_HOME": root}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-r", "--rounds", type=int, default=3)
    parser.add_argument("-t", "--seconds", type=float, default=1.5)
    parser.add_argument("names", nargs="*", help="substrings of the loads to run")
    options = parser.parse_args()
    loads = [
        load for load in LOADS if not options.names or any(n in load.name for n in options.names)
    ]
    generator = build_generator()
    found: dict[tuple[str, str], list[Any]] = {}
    port = 20000 + os.getpid() % 10000
    for round_number in range(options.rounds):
        for load in loads if round_number % 2 == 0 else loads[::-1]:
            for who in ("base", "daemon"):
                port += 1
                with tempfile.TemporaryDirectory() as root:
                    if who == "base":
                        command = [sys.executable, str(HERE / "stock.py"), load.base, str(port)]
                        environ = dict(os.environ)
                        shape = load.base_load
                    else:
                        command, environ = daemon(port, root, load.journal)
                        shape = load.our_load
                    process = start(command, port, environ)
                    try:
                        figures = measure(generator, shape, port, options.seconds, process.pid)
                    finally:
                        process.send_signal(signal.SIGTERM)
                        try:
                            process.wait(15)
                        except subprocess.TimeoutExpired:
                            process.kill()
                            process.wait()
                found.setdefault((load.name, who), []).append(figures)
    print("| load | base msgs/s | daemon msgs/s | ratio | goal | base CPU us | daemon CPU us |")
    print("|---|---|---|---|---|---|---|")
    for load in loads:
        base, ours = found[load.name, "base"], found[load.name, "daemon"]
        rate = {who: statistics.median(f["per_s"] for f in found[load.name, who])
                for who in ("base", "daemon")}  # fmt: skip
        cpu = {who: statistics.median(f["cpu_us"] for f in figures)
               for who, figures in (("base", base), ("daemon", ours))}  # fmt: skip
        goal = "" if load.goal is None else f"{load.goal:.1f}"
        ratio = rate["daemon"] / rate["base"]
        print(f"| {load.name} | {rate['base']:,.0f} | {rate['daemon']:,.0f} | {ratio:.2f} | "
              f"{goal} | {cpu['base']:.1f} | {cpu['daemon']:.1f} |")  # fmt: skip


if __name__ == "__main__":
    main()
