"""The session's key-value state: reads, writes, transitions, rollback, tenants."""
