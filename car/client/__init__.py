"""A Twisted client of the daemon."""
