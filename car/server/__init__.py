"""The daemon: connections, sessions and what they share."""
