"""WebSocket frames as pure functions: reading whole ones, masking, building headers.

Only the common case lives here: final, masked frames in minimal length form that carry
text, binary, ping or pong.  Anything else (fragments, close frames, broken frames) is left
for Autobahn, whose answers are conformant to the last detail.  The reasons and figures are
in the performance notes: the receive path of Autobahn costs about 30 us a frame, this one
1 us.
"""

from collections.abc import Callable, Iterable
from struct import Struct
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
"""The opcodes of RFC 6455, section 5.2, that we name."""

_FINAL = 0x80
_OPCODES = {_FINAL | opcode: opcode for opcode in (TEXT, BINARY, PING, PONG)}

_SHORT, _MEDIUM = 126, 127
"""Length octets that announce a longer length, of 16 and of 64 bits."""

_CONTROL_BYTES = 125
"""The longest payload of a ping, a pong or a close frame."""

_UINT16 = Struct("!H").unpack_from
_UINT64 = Struct("!Q").unpack_from
_HEADER16 = Struct("!BBH").pack
_HEADER64 = Struct("!BBQ").pack

_TEXT_HEADERS = [bytes((_FINAL | TEXT, length)) for length in range(126)]

_MASK_BYTES = 4

_INTEGER_MASK_BYTES = 512
"""Up to here XOR of one long integer is the fastest way in plain Python (measured)."""

_XOR_TABLES = [bytes(octet ^ key for octet in range(256)) for key in range(256)]


class ReadFrames(NamedTuple):
    """What :func:`read_frames` found: see there."""

    frames: list[tuple[int, bytes]]
    used: int
    needed: int = 0
    length_known: bool = False


def unmask_in_python(payload: bytes, mask: bytes) -> bytes:
    """*payload* with the four octets of *mask* XORed over it, again and again.

    Costs 0.7 us for 100 octets, 120 us for 64 KiB.
    """
    size = len(payload)
    if size <= _INTEGER_MASK_BYTES:
        key = int.from_bytes((mask * ((size >> 2) + 1))[:size], "little")
        return (int.from_bytes(payload, "little") ^ key).to_bytes(size, "little")
    octets = bytearray(payload)
    for place, key in enumerate(mask):
        octets[place::4] = octets[place::4].translate(_XOR_TABLES[key])
    return bytes(octets)


def _nvx_unmask() -> Callable[[bytes, bytes], bytes] | None:
    """The C routine that comes with Autobahn, where it was built: 8 us for 64 KiB."""
    try:
        from _nvx_xormasker import ffi, lib
    except ImportError:
        return None

    def unmask_with_nvx(payload: bytes, mask: bytes) -> bytes:
        if len(payload) <= _INTEGER_MASK_BYTES:
            return unmask_in_python(payload, mask)
        octets = bytearray(payload)
        masker = lib.nvx_xormask_new(ffi.from_buffer("uint8_t[]", mask))
        lib.nvx_xormask_process(masker, ffi.from_buffer("uint8_t[]", octets), len(octets))
        lib.nvx_xormask_free(masker)
        return bytes(octets)

    return unmask_with_nvx


def _websockets_unmask() -> Callable[[bytes, bytes], bytes] | None:
    """The C routine of the ``websockets`` package, where installed: 2.3 us for 64 KiB."""
    try:
        from websockets.speedups import apply_mask
    except ImportError:
        return None
    unmask_in_c: Callable[[bytes, bytes], bytes] = apply_mask
    return unmask_in_c


unmask: Callable[[bytes, bytes], bytes] = _websockets_unmask() or _nvx_unmask() or unmask_in_python
"""XOR *payload* with the four octets of *mask*, by the best routine there is."""


def read_frames(octets: bytes, limit: int) -> ReadFrames:
    """Read the frames at the beginning of *octets* that are of the common kind.

    Answers their ``frames`` as (opcode, unmasked payload), the count of octets ``used`` by
    them, and how many octets from there on are ``needed`` to complete the next frame or,
    unless its ``length_known``, its length; it is of the common kind as well, as far as it is
    here.  When octets remain and ``needed`` is 0, what follows is for Autobahn: a fragment, a close
    frame, a frame that breaks RFC 6455, a payload longer than *limit* or text that is not
    UTF-8.
    """
    frames: list[tuple[int, bytes]] = []
    size = len(octets)
    start = 0
    while start < size:
        opcode = _OPCODES.get(octets[start])
        if opcode is None:
            break
        here = size - start
        if here < 2:
            return ReadFrames(frames, start, 2)
        length = octets[start + 1] - _FINAL
        if length < 0:  # not masked
            break
        if length < _SHORT:
            mask_at = start + 2
        elif opcode >= CLOSE:  # a control frame is short
            break
        elif length == _SHORT:
            mask_at = start + 4
            if here < 4:
                return ReadFrames(frames, start, 4)
            (length,) = _UINT16(octets, start + 2)
            if length < _SHORT:
                break
        else:
            mask_at = start + 10
            if here < 10:
                return ReadFrames(frames, start, 10)
            (length,) = _UINT64(octets, start + 2)
            if length < 0x10000:
                break
        if length > limit:
            break
        begin = mask_at + _MASK_BYTES
        end = begin + length
        if end > size:
            return ReadFrames(frames, start, end - start, length_known=True)
        payload = unmask(octets[begin:end], octets[mask_at:begin])
        if opcode == TEXT and not payload.isascii() and not is_utf8(payload):
            break
        frames.append((opcode, payload))
        start = end
    return ReadFrames(frames, start)


def is_utf8(payload: bytes) -> bool:
    """Whether *payload* is UTF-8 without surrogates or overlong forms."""
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def header(opcode: int, length: int) -> bytes:
    """The header of a final, unmasked frame of *length* payload octets."""
    first = _FINAL | opcode
    if length < _SHORT:
        return bytes((first, length))
    if length < 0x10000:
        return _HEADER16(first, _SHORT, length)
    return _HEADER64(first, _MEDIUM, length)


def text_frames(payloads: Iterable[bytes]) -> bytes:
    """One final text frame, as a server sends it, for each of *payloads*, joined."""
    parts: list[bytes] = []
    for payload in payloads:
        length = len(payload)
        parts.append(_TEXT_HEADERS[length] if length < _SHORT else header(TEXT, length))
        parts.append(payload)
    return b"".join(parts)


def pong_frames(payloads: Iterable[bytes]) -> bytes:
    """One pong, as a server sends it, for each of *payloads* (those of the pings), joined."""
    return b"".join(header(PONG, len(payload)) + payload for payload in payloads)
