"""Rules that forbid actions, and their verdicts."""
