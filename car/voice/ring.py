"""Audio that waits: a bounded queue of octets that lets the oldest go when it is full.

One thread may append while another takes.  What the octets are is known only so far as that
frames, a sample of each channel, are dropped whole.
"""

import threading

HELD_SECONDS = 30.0
"""How much audio is held (``subsystem-voice.md``, Back-pressure)."""

SAMPLE_BYTES = 2
"""Octets of one sample: s16le."""


class RingBuffer:
    """At most *seconds* of s16le audio of *sample_rate* and *channels*."""

    def __init__(self, sample_rate: int, channels: int, *, seconds: float = HELD_SECONDS) -> None:
        self._frame_bytes = channels * SAMPLE_BYTES
        self._bytes_per_second = sample_rate * self._frame_bytes
        self._limit = int(sample_rate * seconds) * self._frame_bytes
        self._held = bytearray()
        self._dropped = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """The octets held."""
        return len(self._held)

    @property
    def held_ms(self) -> int:
        """The audio held, in milliseconds."""
        return self._ms(len(self._held))

    @property
    def dropped_ms(self) -> int:
        """All audio that was dropped, in milliseconds."""
        return self._ms(self._dropped)

    def append(self, pcm: bytes) -> None:
        """Add *pcm* as the newest; the oldest goes where there is too much."""
        with self._lock:
            self._held += pcm
            excess = len(self._held) - self._limit
            if excess > 0:
                whole = -(-excess // self._frame_bytes) * self._frame_bytes
                del self._held[:whole]
                self._dropped += whole

    def take(self, size_bytes: int) -> bytes:
        """Remove and answer the oldest octets, at most *size_bytes*."""
        with self._lock:
            taken = bytes(self._held[:size_bytes])
            del self._held[:size_bytes]
            return taken

    def clear(self) -> None:
        """Forget what is held; it does not count as dropped."""
        with self._lock:
            self._held.clear()

    def _ms(self, size_bytes: int) -> int:
        return size_bytes * 1000 // self._bytes_per_second
