"""Whose voice it is: vectors of voices, a session's clusters of them, enrolled speakers."""
