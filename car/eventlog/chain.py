"""The hash chain: how a line is tied to the one before it, and the check of it.

A chained line ends in two more members::

    {"id":…,"t_mono_ms":12.345,"prev_hash":"<64 hex digits>","hash":"<64 hex digits>"}

``prev_hash`` is the ``hash`` of the line before, or 64 zeros (`GENESIS`) on the first line
that is chained.  ``hash`` is the SHA-256, in lower-case hex, of

* the 64 ASCII digits of ``prev_hash``, then
* the line as written, without its newline and without the member ``hash`` and the comma
  before it: the octets ``{"id":…,"prev_hash":"…"}``.

So it is checked on octets, with no JSON decoded.  Lines written before the chain was
enabled carry neither member and are not covered; once begun it never stops.  A chain shows
a changed, inserted, removed or moved line, not that lines are missing from its end.
"""

from hashlib import sha256

GENESIS = b"0" * 64
CHAIN_BYTES = 153
"""How much longer the two members make a line."""

_PREV = b',"prev_hash":"'
_HASH = b',"hash":"'
_HASH_AT = -(len(_HASH) + 64 + 2)
_PREV_AT = _HASH_AT - (len(_PREV) + 64 + 1)


def chain_line(line: bytes, prev_hash: bytes) -> tuple[bytes, bytes]:
    """*line*, ending in ``}`` and a newline, tied to *prev_hash*; with the hash it now has."""
    body = b'%b,"prev_hash":"%b"}' % (line[:-2], prev_hash)
    digest = sha256(prev_hash + body).hexdigest().encode()
    return b'%b,"hash":"%b"}\n' % (body[:-1], digest), digest


def is_chained(raw: bytes) -> bool:
    """Whether the line *raw*, without its newline, carries the two members."""
    return (
        raw.endswith(b'"}')
        and raw.startswith(_HASH, _HASH_AT)
        and raw.startswith(_PREV, _PREV_AT)
        and raw.startswith(b'"', _HASH_AT - 1)
    )


class ChainCheck:
    """Follows the chain line by line: ``verified`` counts, ``last`` is the newest hash.

    ``last`` is None until a chained line has been met.
    """

    def __init__(self) -> None:
        self.verified = 0
        self.last: bytes | None = None

    def add(self, raw: bytes, *, joined: bool = True) -> bool:
        """Whether *raw*, a line without its newline, stands where the chain says.

        Not *joined* means that the line before was not seen: then the line is only
        checked in itself, and the chain goes on from there.
        """
        if not is_chained(raw):
            return self.last is None
        prev_hash = raw[_PREV_AT + len(_PREV) : _HASH_AT - 1]
        digest = raw[_HASH_AT + len(_HASH) : -2]
        expected = self.last if self.last is not None else GENESIS
        if joined and prev_hash != expected:
            return False
        body = raw[:_HASH_AT] + b"}"
        if sha256(prev_hash + body).hexdigest().encode() != digest:
            return False
        self.last = digest
        self.verified += 1
        return True
