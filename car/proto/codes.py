"""Error codes of the wire (``protocol.md`` §3) and close codes of the connection."""

from typing import Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
CLIENT_ERROR: Final = -32000
"""Comes from clients only, in answers to our callbacks."""
AUTH_REQUIRED: Final = -32001
APPROVAL_DENIED: Final = -32003
DEADLINE_EXCEEDED: Final = -32004
HANDSHAKE_REQUIRED: Final = -32005
VERSION_MISMATCH: Final = -32006
CONTENT_REFUSED: Final = -32007
CAPABILITY_MISMATCH: Final = -32008

CLOSE_NORMAL: Final = 1000
CLOSE_GOING_AWAY: Final = 1001
CLOSE_POLICY: Final = 1008
CLOSE_INTERNAL: Final = 1011
CLOSE_TRY_LATER: Final = 1013
CLOSE_UNAUTHENTICATED: Final = 4401
"""Not authenticated, or not in time (decision 7)."""
CLOSE_SUPERSEDED: Final = 4409
"""A resumed session has moved to another connection (``record.md`` §4)."""
