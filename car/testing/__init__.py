"""Public helpers for tests: fakes, in-memory connections, the conformance runner."""
