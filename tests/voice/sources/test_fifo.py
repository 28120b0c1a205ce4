"""Tests of car.voice.sources.fifo, with real pipes."""

import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.voice.errors import InvalidRequest
from car.voice.records import Fifo
from car.voice.sources.opening import open_source
from car.voice.sources.source import Source


class FifoSourceTests(TestCase):
    """FifoSource: a writer that comes late, writes and goes."""

    timeout = 20

    def setUp(self) -> None:
        self.path: str = os.path.abspath(self.mktemp())
        os.mkfifo(self.path)
        self.audio = b""
        self.ends: list[str | None] = []
        self.changed: Deferred[None] = Deferred()

    def audio_received(self, pcm: bytes) -> None:
        """Note it."""
        self.audio += pcm
        self.change()

    def ended(self, problem: str | None) -> None:
        """Note it."""
        self.ends.append(problem)
        self.change()

    def change(self) -> None:
        """Wake who waits."""
        changed, self.changed = self.changed, Deferred()
        changed.callback(None)

    async def open(self) -> Source:
        """Open the pipe at 16 kHz."""
        source = Fifo(path=self.path, sample_rate=16_000)
        return await open_source(the_reactor(), source, self.audio_received, self.ended)

    def writer(self) -> int:
        """A writing end."""
        return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)

    def test_writer(self) -> "Deferred[Any]":
        """What the writer writes is given; the source ends when it closes."""

        async def go() -> None:
            source = await self.open()
            writer = self.writer()
            os.write(writer, b"one")
            await self.changed
            os.write(writer, b"two" * 10_000)
            os.close(writer)
            while not self.ends:
                await self.changed
            self.assertEqual((self.audio, self.ends), (b"one" + b"two" * 10_000, [None]))
            await source.stop()

        return Deferred.fromCoroutine(go())

    def test_pause(self) -> "Deferred[Any]":
        """A pipe that is not read holds its writer up, and nothing is lost."""

        async def go() -> None:
            source = await self.open()
            source.pause()
            writer = self.writer()
            written = os.write(writer, bytes(1_000_000))
            self.assertLess(written, 1_000_000)
            self.assertRaises(BlockingIOError, os.write, writer, bytes(100_000))
            source.resume()
            while len(self.audio) < written:
                await self.changed
            os.close(writer)
            while not self.ends:
                await self.changed

        return Deferred.fromCoroutine(go())

    def test_stop(self) -> "Deferred[Any]":
        """After the stop nobody reads any more, and nothing is told."""

        async def go() -> None:
            source = await self.open()
            writer = self.writer()
            await source.stop()
            source.resume()
            self.assertRaises(BrokenPipeError, os.write, writer, b"one")
            os.close(writer)
            await source.stop()
            self.assertEqual((self.audio, self.ends), (b"", []))

        return Deferred.fromCoroutine(go())

    def test_refused(self) -> None:
        """What is no pipe, and a format that cannot be converted, is refused."""
        with open(self.path + ".wav", "w"):
            pass
        for path, rate, told in (
            (self.path, 1, "sample_rate must be from 8000 to 192000 Hz, and is 1"),
            (
                self.path + ".wav",
                16_000,
                f"audio_source.path must name a named pipe, and {self.path}.wav is none",
            ),
            ("pipe", 16_000, "audio_source.path: expected an absolute path, not 'pipe'"),
            ("/a\0b", 16_000, "audio_source.path: expected an absolute path, not '/a\0b'"),
            (
                "/none",
                16_000,
                "audio_source.path: the pipe /none cannot be opened: No such file or directory",
            ),
        ):
            source = Fifo(path=path, sample_rate=rate)
            opening = open_source(the_reactor(), source, self.audio_received, self.ended)
            self.assertEqual(str(self.failureResultOf(opening, InvalidRequest).value), told)
