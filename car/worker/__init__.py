"""Child processes that do one kind of work for the daemon, called over pipes."""
