"""Tests of car.proto.voice_frames: the 26-octet head, both ways."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.proto.voice_frames import (
    HEAD_BYTES,
    MAX_SEQUENCE,
    AudioFormat,
    Tag,
    VoiceFrame,
    VoiceFrameError,
    pack_frame,
    read_frame,
)

ID = "000102030405060708090a0b0c0d0e0f"


class VoiceFramesTests(SynchronousTestCase):
    """Octets to frames and frames to octets."""

    def test_layout(self) -> None:
        """Each field stands where the protocol says, little-endian."""
        octets = pack_frame(VoiceFrame(Tag.TTS_CHUNK, ID, 258, b"audio", AudioFormat.WAV))
        expected = b"\x02" + bytes(range(16)) + b"\x02\x01" + bytes(6) + b"\x02" + b"audio"
        self.assertEqual(octets, expected)
        self.assertEqual(HEAD_BYTES, 26)

    def test_pcm_in(self) -> None:
        """A client's frame of audio is read with its id in lower-case hex."""
        octets = b"\x01" + bytes(range(16)) + (7).to_bytes(8, "little") + b"\0" + b"\1\2\3\4"
        self.assertEqual(read_frame(octets), VoiceFrame(Tag.PCM_IN, ID, 7, b"\1\2\3\4"))

    @given(
        st.sampled_from((Tag.PCM_IN, Tag.TTS_CHUNK, Tag.TTS_ERROR)),
        st.binary(min_size=16, max_size=16),
        st.integers(0, MAX_SEQUENCE),
        st.binary(max_size=100),
    )
    def test_round_trip(self, tag: Tag, raw: bytes, sequence: int, payload: bytes) -> None:
        """Reading what was packed gives the frame."""
        frame = VoiceFrame(tag, raw.hex(), sequence, payload)
        self.assertEqual(read_frame(pack_frame(frame)), frame)

    @given(st.binary(max_size=60))
    def test_any_octets(self, octets: bytes) -> None:
        """Any octets are a frame or VoiceFrameError, nothing else."""
        try:
            frame = read_frame(octets)
        except VoiceFrameError:
            return
        self.assertEqual(pack_frame(frame), octets)

    def assertRefused(self, octets: bytes, text: str) -> None:
        """*octets* are refused with *text* in the message."""
        self.assertIn(text, str(self.assertRaises(VoiceFrameError, read_frame, octets)))

    def test_broken(self) -> None:
        """What is wrong with a frame is told."""
        rest = bytes(24)
        self.assertRefused(b"", "this one has 0")
        self.assertRefused(b"\1" + rest, "this one has 25")
        self.assertRefused(b"\0" + rest + b"\0", "not 0")
        self.assertRefused(b"\5" + rest + b"\0", "not 5")
        self.assertRefused(b"\1" + rest + b"\1", "kind 1 has a format of 0 to 0")
        self.assertRefused(b"\2" + rest + b"\3", "kind 2 has a format of 0 to 2")
        self.assertRefused(b"\3" + rest + b"\0x", "no payload")

    def test_no_place(self) -> None:
        """An id that is not 32 lower-case hex digits, or a sequence beyond u64, makes no frame."""
        for id in ("", "s1", ID.upper().replace("0", "A"), ID + "0", ID[:-1] + "g"):
            problem = self.assertRaises(VoiceFrameError, pack_frame, VoiceFrame(Tag.TTS_END, id, 0))
            self.assertIn("32 lower-case hex", str(problem))
        for sequence in (-1, MAX_SEQUENCE + 1):
            self.assertRaises(VoiceFrameError, pack_frame, VoiceFrame(Tag.TTS_END, ID, sequence))
