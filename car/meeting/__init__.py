"""Meetings: voice sessions whose transcript is on disk, in memory and on the wire."""
