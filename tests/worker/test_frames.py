"""Tests of car.worker.frames."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import JsonObject
from car.worker.frames import MAX_FRAME_BYTES, FrameError, FrameReader, pack


class FrameTests(SynchronousTestCase):
    """pack and FrameReader."""

    def test_any_cut(self) -> None:
        """Messages come out whole and in order, even octet by octet."""
        messages: list[JsonObject] = [{"id": 1, "part": "größe"}, {"id": 1, "result": None}]
        reader = FrameReader()
        octets = b"".join(pack(message) for message in messages)
        read = [one for octet in octets for one in reader.feed(bytes([octet]))]
        self.assertEqual(read, messages)
        self.assertEqual(list(FrameReader().feed(octets)), messages)

    def test_too_long(self) -> None:
        """A length beyond the limit is refused before anything is kept, here and there."""
        length = (MAX_FRAME_BYTES + 1).to_bytes(4, "big")
        with self.assertRaisesRegex(FrameError, f"longer than {MAX_FRAME_BYTES}"):
            list(FrameReader().feed(length))
        with self.assertRaisesRegex(FrameError, "longer than"):
            pack({"text": "x" * MAX_FRAME_BYTES})

    def test_nonsense(self) -> None:
        """What is no JSON object is no message."""
        for body, why in ((b"nope", "hold JSON:"), (b"[1]", "JSON object")):
            with self.assertRaisesRegex(FrameError, why):
                list(FrameReader().feed(len(body).to_bytes(4, "big") + body))
