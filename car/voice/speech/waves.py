"""WAV as it is streamed: its header written, and read however the octets are cut.

Only what synthesisers send is read: 16-bit PCM, mono.  Files of any kind are for ``voice.wav``.
"""

import struct

from car.voice.errors import EngineFailed

HEADER_BYTES = 44

_CHUNK_HEAD = 8
_RIFF_HEAD = 12
_FORMAT_BYTES = 16
_PCM, _EXTENSIBLE = 1, 0xFFFE
_MOST_HEAD_BYTES = 65_536
_UNTIL_THE_END = 0x7FFF_0000
"""Writers that cannot know the length say 0, or from this on (espeak-ng 0x7FFFF000, others -1)."""


class WaveReader:
    """Samples out of a WAV that comes in pieces; *source* is whom complaints name.

    ``sample_rate`` is 0 until the header has been read.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._held = bytearray()
        self._begun = self._in_data = False
        self._left: int | None = None
        self.sample_rate = 0

    def feed(self, data: bytes) -> bytes:
        """Take *data*; answers the whole samples that are in it.  Raises EngineFailed."""
        self._held += data
        if not self._in_data and not self._read_head():
            return b""
        size = len(self._held) if self._left is None else min(len(self._held), self._left)
        size -= size % 2
        samples = bytes(self._held[:size])
        if self._left is not None:
            self._left -= size
        del self._held[: size if self._left != 0 else len(self._held)]
        return samples

    def _read_head(self) -> bool:
        """Read up to the samples, as far as what is held goes; whether they begin now."""
        held = self._held
        if not self._begun:
            if len(held) < _RIFF_HEAD:
                return False
            if held[:4] != b"RIFF" or held[8:12] != b"WAVE":
                raise EngineFailed(f"{self._source} sent no WAV")
            del held[:_RIFF_HEAD]
            self._begun = True
        while len(held) >= _CHUNK_HEAD:
            name, size = bytes(held[:4]), int.from_bytes(held[4:8], "little")
            if name == b"data":
                del held[:_CHUNK_HEAD]
                self._begin_data(size)
                return True
            if size > _MOST_HEAD_BYTES:
                raise EngineFailed(f"{self._source} sent a WAV without samples")
            end = _CHUNK_HEAD + size + size % 2
            if len(held) < end:
                return False
            if name == b"fmt ":
                self._read_format(bytes(held[_CHUNK_HEAD:end]))
            del held[:end]
        return False

    def _begin_data(self, size: int) -> None:
        if not self.sample_rate:
            raise EngineFailed(f"{self._source} sent a WAV without a format")
        self._in_data = True
        self._left = None if size == 0 or size >= _UNTIL_THE_END else size

    def _read_format(self, body: bytes) -> None:
        if len(body) < _FORMAT_BYTES:
            raise EngineFailed(f"{self._source} sent a WAV without a format")
        kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
        if kind not in (_PCM, _EXTENSIBLE) or channels != 1 or bits != 16 or not rate:
            raise EngineFailed(
                f"{self._source} sent a WAV of {channels} channels and {bits} bits (kind {kind}); "
                "only 16-bit PCM, mono, is taken"
            )
        self.sample_rate = rate


def wave_header(size: int, sample_rate: int) -> bytes:
    """The header of a WAV of *size* octets of mono s16le samples."""
    form = struct.pack("<HHIIHH", _PCM, 1, sample_rate, 2 * sample_rate, 2, 16)
    riff = struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - _CHUNK_HEAD + size, b"WAVE")
    return (
        riff + struct.pack("<4sI", b"fmt ", len(form)) + form + struct.pack("<4sI", b"data", size)
    )
