"""What outlives a session: state rows, leases, memory changes; SQLite is the embedded back end."""
