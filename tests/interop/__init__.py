"""Real sockets, and peers that we did not write."""
