"""Tests of car.voice.wav."""

import os
import sys
import wave
from importlib import import_module

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest, MissingComponent, SourceFailed
from car.voice.wav import open_audio
from tests.voice.needed import needs

SAMPLES = np.array([0, 1, -1, 300, -32_768, 32_767, 1_000, -1_000], "<i2")


class WavTests(SynchronousTestCase):
    """open_audio: files of the widths and channels that there are."""

    def write(self, octets: bytes, width: int, channels: int = 1, rate: int = 22_050) -> str:
        """A WAV file."""
        path: str = os.path.abspath(self.mktemp())
        with wave.open(path, "wb") as file:
            file.setsampwidth(width)
            file.setnchannels(channels)
            file.setframerate(rate)
            file.writeframes(octets)
        return path

    def read(self, path: str) -> bytes:
        """All of a file, three frames at a time."""
        reader = open_audio(path)
        pieces = list(iter(lambda: reader.read(3), b""))
        reader.close()
        return b"".join(pieces)

    def test_format(self) -> None:
        """Rate and channels are the file's; a frame has a sample of each channel."""
        reader = open_audio(self.write(SAMPLES.tobytes(), 2, 2, 44_100))
        self.assertEqual((reader.sample_rate, reader.channels), (44_100, 2))
        self.assertEqual(reader.read(1), SAMPLES[:2].tobytes())
        reader.close()

    def test_widths(self) -> None:
        """Samples of 8 to 32 bits become 16 bits wide."""
        wide = SAMPLES.astype("<i4") << 16
        three = wide.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
        for octets, width in ((SAMPLES.tobytes(), 2), (three, 3), (wide.tobytes(), 4)):
            self.assertEqual(self.read(self.write(octets, width)), SAMPLES.tobytes(), width)
        made = np.frombuffer(self.read(self.write(bytes([0, 128, 255]), 1)), "<i2")
        self.assertEqual(made.tolist(), [-32_768, 0, 32_512])

    def test_no_file(self) -> None:
        """What is no file, a pipe too, is refused; nothing waits for its writer."""
        pipe = os.path.abspath(self.mktemp())
        os.mkfifo(pipe)
        for path in (pipe, os.path.abspath(self.mktemp()), os.path.dirname(pipe)):
            problem = self.assertRaises(InvalidRequest, open_audio, path)
            self.assertEqual(
                str(problem), f"audio_source.path must name a file, and {path} is none"
            )

    def test_impossible_path(self) -> None:
        """A path that no file can have, or that depends on where the daemon runs, is refused."""
        for path, told in (
            ("speech.wav", "audio_source.path: expected an absolute path, not 'speech.wav'"),
            ("/a\0b", "audio_source.path: expected an absolute path, not '/a\0b'"),
            (
                "/" + "a" * 300,
                f"audio_source.path: /{'a' * 300} cannot be read: File name too long",
            ),
        ):
            problem = self.assertRaises(InvalidRequest, open_audio, path)
            self.assertEqual(str(problem), told)

    def test_cut_short(self) -> None:
        """A file that ends early gives what it has."""
        path = self.write(SAMPLES.tobytes(), 2)
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) - 5)
        self.assertEqual(self.read(path), SAMPLES.tobytes()[:10])

    def test_without_soundfile(self) -> None:
        """Other formats need the package, and the sentence says so."""
        self.patch(sys, "modules", {**sys.modules, "soundfile": None})
        path = os.path.abspath(self.mktemp())
        with open(path, "wb") as file:
            file.write(b"fLaC" * 20)
        problem = self.assertRaises(MissingComponent, open_audio, path)
        self.assertIn("needs the optional package soundfile; install it with: pip", str(problem))


@needs("soundfile")
class SoundFileTests(SynchronousTestCase):
    """open_audio with soundfile."""

    def test_formats(self) -> None:
        """Floating-point WAV and FLAC give what was written."""
        soundfile = import_module("soundfile")
        for name, subtype in ((".wav", "FLOAT"), (".flac", "PCM_16")):
            path = os.path.abspath(self.mktemp()) + name
            soundfile.write(path, np.stack((SAMPLES, SAMPLES), 1), 48_000, subtype=subtype)
            reader = open_audio(path)
            self.assertEqual((reader.sample_rate, reader.channels), (48_000, 2))
            made = np.frombuffer(reader.read(6) + reader.read(6), "<i2").reshape(-1, 2)
            self.assertTrue(np.allclose(made[:, 0], SAMPLES, atol=1), name)
            self.assertEqual(reader.read(6), b"")
            reader.close()

    def test_no_audio(self) -> None:
        """A file of something else is refused."""
        path = os.path.abspath(self.mktemp())
        with open(path, "w") as file:
            file.write("Dear diary, nothing was said today.")
        problem = self.assertRaises(InvalidRequest, open_audio, path)
        start = f"audio_source.path must name a file of audio, and {path} is none: "
        self.assertTrue(str(problem).startswith(start), str(problem))

    def test_damaged(self) -> None:
        """A file that is damaged further on fails when it is read."""
        soundfile = import_module("soundfile")
        path = os.path.abspath(self.mktemp()) + ".flac"
        noise = np.random.default_rng(1).integers(-9_000, 9_000, 96_000).astype(np.int16)
        soundfile.write(path, noise, 48_000)
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) // 2)
        reader = open_audio(path)
        self.assertRaises(SourceFailed, lambda: [reader.read(9_600) for _ in range(10)])
        reader.close()
