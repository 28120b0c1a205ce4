"""The built-in agent tools: files, search and arithmetic, run inside the runtime."""
