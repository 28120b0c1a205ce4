"""Keys and tokens: kept by the system's keyring, or encrypted in a file; named, never shown."""
