"""Preconditions and parameter schemas of one action."""
