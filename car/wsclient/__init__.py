"""A WebSocket client over Autobahn."""
