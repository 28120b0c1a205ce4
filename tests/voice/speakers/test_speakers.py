"""Speakers of a daemon and of its sessions, on vectors of the test's."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from car.voice.errors import EngineFailed, InvalidRequest, MissingComponent, VoiceError
from car.voice.interfaces import ISpeakers
from car.voice.records import KnownSpeaker
from car.voice.speakers import speakers
from car.voice.speakers.records import Enrollment, Heard, PcmAudio, Voiceprint, WavAudio
from car.voice.speakers.speakers import Speakers
from car.voice.speakers.vectors import FbankVectors
from car.voice.speakers.voiceprints import Voiceprints
from tests.voice.speakers.doubles import FakeVectors, at_once, beside, direction, tone

ADA = direction(1, 0, 0)
PCM = tone(120, 0.2).astype("<i2").tobytes()
AUDIO = PcmAudio(16_000, base64.b64encode(PCM).decode())
REASON = "no encoder in this test"


class SpeakersCase(SynchronousTestCase):
    """Speakers that hear what the test says."""

    def setUp(self) -> None:
        self.vectors = FakeVectors()
        self.patch(speakers, "find_encoder", self.no_encoder)
        self.patch(speakers, "FbankVectors", lambda in_thread: self.vectors)
        self.root = Path(self.mktemp())
        self.speakers = Speakers(self.root, Clock(), at_once, environment={})

    def no_encoder(self, environment: Mapping[str, str]) -> Path:
        """There is none."""
        raise MissingComponent(REASON)

    def open(self) -> Any:
        """The speakers of a session."""
        return self.successResultOf(self.speakers.open())

    def file(self, label: str) -> str:
        """Where a voiceprint is kept."""
        return str(self.root / "voiceprints" / f"{label}.toml")

    def enroll(self, label: str, voiced_ms: int = 3_000) -> "Deferred[Enrollment]":
        """Enroll somebody whose voice is ADA's."""
        self.vectors.next.append(Heard(voiced_ms, ADA))
        return self.speakers.enroll(label, AUDIO)


class EnrollmentTests(SpeakersCase):
    """Speakers.enroll, enrollments and remove."""

    def test_enroll(self) -> None:
        """A voice is kept; the answer has label, model and file, and so has the list."""
        row = Enrollment(label="ada", model_id="fake-3", path=self.file("ada"))
        self.assertEqual(self.successResultOf(self.enroll("ada")), row)
        self.assertEqual(self.vectors.pcm, [PCM])
        self.assertEqual(self.successResultOf(self.speakers.enrollments()), [row])

    def test_too_little(self) -> None:
        """Under 3 s of speech the error says how much there was, and nothing is kept."""
        problem = self.failureResultOf(self.enroll("ada", 2_976), InvalidRequest).value
        self.assertEqual(
            str(problem),
            "audio: enrolling 'ada' needs at least 3 s of speech, and there are 2.9 s",
        )
        self.assertEqual(self.successResultOf(self.speakers.enrollments()), [])

    def test_silence(self) -> None:
        """Audio without speech is refused likewise."""
        self.vectors.next.append(Heard(0, None))
        problem = self.failureResultOf(self.speakers.enroll("ada", AUDIO), InvalidRequest)
        self.assertIn("there are 0.0 s", problem.getErrorMessage())

    def test_label_first(self) -> None:
        """A wrong label is refused before any audio is read."""
        enrolled = self.speakers.enroll("a/b", WavAudio("nowhere"))
        problem = self.failureResultOf(enrolled, InvalidRequest)
        self.assertIn("invalid enrollment label 'a/b'", problem.getErrorMessage())

    def test_wrong_audio(self) -> None:
        """What is wrong with the audio is told."""
        enrolled = self.speakers.enroll("ada", WavAudio("nowhere"))
        self.assertIn("audio.path", str(self.failureResultOf(enrolled, InvalidRequest).value))

    def test_remove(self) -> None:
        """Who is removed is gone; again does nothing; a wrong label is refused."""
        self.successResultOf(self.enroll("ada"))
        self.assertIsNone(self.successResultOf(self.speakers.remove("ada")))
        self.assertIsNone(self.successResultOf(self.speakers.remove("ada")))
        self.assertEqual(self.successResultOf(self.speakers.enrollments()), [])
        self.failureResultOf(self.speakers.remove("../ada"), InvalidRequest)

    def test_no_root(self) -> None:
        """A daemon that keeps nothing enrolls nobody, and still tells voices apart."""
        self.speakers = Speakers(None, Clock(), at_once, environment={})
        problem = self.failureResultOf(self.speakers.enroll("ada", AUDIO), VoiceError)
        self.assertIn("start it with a state directory", problem.getErrorMessage())
        self.assertEqual(self.successResultOf(self.speakers.enrollments()), [])
        self.assertIsNone(self.successResultOf(self.speakers.remove("ada")))
        self.vectors.next = [Heard(2_000, ADA)]
        role = self.successResultOf(self.open().role(PCM))
        self.assertEqual(role, KnownSpeaker(speaker="S1"))


class SessionTests(SpeakersCase):
    """SessionSpeakers, and how Speakers opens them."""

    def test_interface(self) -> None:
        """A session's speakers are ISpeakers, loaded before they are there."""
        self.assertTrue(verifyObject(ISpeakers, self.open()))
        self.assertEqual(self.vectors.loaded, 1)

    def test_roles(self) -> None:
        """The enrolled have their names, others their clusters; silence is unknown."""
        self.successResultOf(self.enroll("ada"))
        session = self.open()
        self.vectors.next = [
            Heard(2_000, beside(0.9)),
            Heard(2_000, direction(0, 1, 0)),
            Heard(100, None),
            Heard(400, direction(0, 0, 1)),
        ]
        roles = [self.successResultOf(session.role(PCM)) for _ in range(4)]
        ada, other = KnownSpeaker(speaker="ada", score=0.9), KnownSpeaker(speaker="S1")
        self.assertEqual(roles, [ada, other, "unknown", "unknown"])

    def test_sessions_apart(self) -> None:
        """Each session has clusters of its own."""
        first, second = self.open(), self.open()
        for session in (first, second):
            for vector in (ADA, direction(0, 1, 0)) if session is first else (ADA,):
                self.vectors.next = [Heard(2_000, vector)]
                role = self.successResultOf(session.role(PCM))
        self.assertEqual(role, KnownSpeaker(speaker="S1"))

    def test_order(self) -> None:
        """Segments are heard one after the other, so that clusters count as they speak."""
        session = self.open()
        waiting: Deferred[Heard] = Deferred()
        self.vectors.next = [waiting, Heard(2_000, direction(0, 1, 0))]
        first, second = session.role(b"1"), session.role(b"2")
        self.assertNoResult(first)
        self.assertEqual(self.vectors.pcm, [b"1"])
        waiting.callback(Heard(2_000, ADA))
        self.assertEqual(self.successResultOf(first), KnownSpeaker(speaker="S1"))
        self.assertEqual(self.successResultOf(second), KnownSpeaker(speaker="S2"))

    def test_failure(self) -> None:
        """A failure is that segment's alone."""
        session = self.open()
        waiting: Deferred[Heard] = Deferred()
        self.vectors.next = [waiting, Heard(2_000, ADA)]
        first, second = session.role(PCM), session.role(PCM)
        waiting.errback(EngineFailed("the worker exited"))
        self.failureResultOf(first, EngineFailed)
        self.assertEqual(self.successResultOf(second), KnownSpeaker(speaker="S1"))

    def test_close(self) -> None:
        """After the end nothing is listened to any more."""
        session = self.open()
        waiting: Deferred[Heard] = Deferred()
        self.vectors.next = [waiting]
        first, second = session.role(b"1"), session.role(b"2")
        self.successResultOf(session.close())
        waiting.callback(Heard(0, None))
        self.assertEqual(self.successResultOf(first), "unknown")
        self.assertEqual(self.successResultOf(second), "unknown")
        self.assertEqual(self.vectors.pcm, [b"1"])

    def test_other_models(self) -> None:
        """Voiceprints of other models or sizes are not compared, and the log says how many."""
        prints = Voiceprints(self.root / "voiceprints")
        prints.write(Voiceprint("old", "other-3", ADA))
        prints.write(Voiceprint("long", "fake-3", direction(1, 0, 0, 0)))
        with capturedLogs() as logs:
            session = self.open()
        [told] = [event for event in logs if "count" in event]
        self.assertEqual((told["count"], told["model"]), (2, "fake-3"))
        self.vectors.next = [Heard(2_000, ADA)]
        role = self.successResultOf(session.role(PCM))
        self.assertEqual(role, KnownSpeaker(speaker="S1"))


class PreparationTests(SpeakersCase):
    """Speakers.prepare, and the fallback in place of the encoder."""

    def test_prepare(self) -> None:
        """What is needed is loaded; why it is not the encoder is told."""
        prepared = self.successResultOf(self.speakers.prepare())
        self.assertEqual((prepared.status, prepared.model_id), ("ready", "fake-3"))
        self.assertEqual(prepared.reason, REASON)
        self.assertEqual(self.vectors.loaded, 1)

    def test_nothing_runs(self) -> None:
        """Nothing was started, so that stopping is done at once."""
        self.assertEqual(self.speakers.pids, [])
        self.assertIsNone(self.successResultOf(self.speakers.stop()))


class FbankVectorsTests(SynchronousTestCase):
    """FbankVectors."""

    def test_silence(self) -> None:
        """Silence has no speech and no vector."""
        vectors = FbankVectors(at_once)
        self.assertIsNone(self.successResultOf(vectors.load()))
        heard = self.successResultOf(vectors.heard(np.zeros(32_000, "<i2").tobytes()))
        self.assertEqual(heard, Heard(0, None))
