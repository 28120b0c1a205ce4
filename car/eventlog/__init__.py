"""What happened in a session: event kinds, the log, the JSONL journal."""
