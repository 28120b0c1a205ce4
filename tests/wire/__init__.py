"""WebSocket connections joined in memory: both ends, octet by octet."""
