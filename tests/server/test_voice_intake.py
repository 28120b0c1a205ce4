"""Tests of car.server.voice_intake: binary frames, right and wrong."""

from twisted.trial.unittest import SynchronousTestCase

from car.proto.voice_frames import Tag, VoiceFrame, pack_frame
from car.server.voice_intake import MOST_IDS, VoiceIntake
from car.voice.errors import Behind, UnknownSession

ID = "0123456789abcdef0123456789abcdef"


class VoiceIntakeTests(SynchronousTestCase):
    """The frames of one connection."""

    def setUp(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.complaints: list[tuple[str, str]] = []
        self.is_behind = False
        self.intake = VoiceIntake(self.push, lambda id, text: self.complaints.append((id, text)))

    def push(self, session_id: str, pcm: bytes) -> None:
        """Take audio for ID alone."""
        if session_id != ID:
            raise UnknownSession(f"unknown session_id '{session_id}'")
        if self.is_behind:
            raise Behind("slow down")
        self.taken.append((session_id, pcm))

    def send(self, *sequences: int, id: str = ID, tag: Tag = Tag.PCM_IN) -> None:
        """Frames of these sequence numbers arrive."""
        for sequence in sequences:
            self.intake.frame_received(pack_frame(VoiceFrame(tag, id, sequence, b"pcm")))

    def test_audio(self) -> None:
        """Audio goes to its session."""
        self.send(0, 1, 2)
        self.assertEqual((self.taken, self.complaints), ([(ID, b"pcm")] * 3, []))

    def test_gap(self) -> None:
        """A gap is told once, and the audio is taken."""
        self.send(5, 6, 9, 10)
        self.assertEqual(self.complaints, [(ID, "binary frame 7 was expected and 9 came")])
        self.assertEqual(len(self.taken), 4)
        self.send(8, 9)
        self.assertEqual(len(self.complaints), 2)

    def test_anew(self) -> None:
        """A session that begins anew under the same id counts from 0."""
        self.send(0, 1, 0, 1)
        self.assertEqual(self.complaints, [])

    def test_unknown(self) -> None:
        """Frames for no session are counted and complained of once."""
        other = "f" * 32
        self.send(0, 1, 2, id=other)
        self.assertEqual(self.complaints, [(other, f"unknown session_id '{other}'")])
        self.assertEqual(self.intake.unknown, 3)

    def test_behind(self) -> None:
        """Refused audio is complained of once, until some is taken again."""
        self.is_behind = True
        self.send(0, 1)
        self.is_behind = False
        self.send(2)
        self.is_behind = True
        self.send(3, 4)
        self.assertEqual(self.complaints, [(ID, "slow down")] * 2)

    def test_broken(self) -> None:
        """What is no frame of a client's is complained of once, and the rest still works."""
        self.intake.frame_received(b"")
        self.intake.frame_received(b"\7" + bytes(25))
        self.send(0)
        ((id, text),) = self.complaints
        self.assertEqual((id, len(self.taken)), ("", 1))
        self.assertIn("26 octets", text)

    def test_broken_again(self) -> None:
        """After a right frame a broken one is complained of anew."""
        self.intake.frame_received(b"")
        self.send(0)
        self.intake.frame_received(b"")
        self.assertEqual([id for id, _ in self.complaints], ["", ""])

    def test_wrong_way(self) -> None:
        """Speech comes from the daemon only."""
        self.send(0, tag=Tag.TTS_CHUNK)
        self.assertEqual(self.complaints, [("", "a client sends voice frames of kind 1, not 2")])

    def test_bounded(self) -> None:
        """However many ids a client thinks of, few are remembered."""
        for number in range(3 * MOST_IDS):
            self.send(0, id=f"{number:032x}")
        self.assertEqual(len(self.complaints), MOST_IDS)
        self.assertEqual(self.intake.unknown, 3 * MOST_IDS)
        self.is_behind = True
        self.send(0)
        self.assertEqual(self.complaints[MOST_IDS:], [(ID, "slow down")])
