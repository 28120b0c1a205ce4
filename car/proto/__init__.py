"""JSON-RPC 2.0 without I/O: messages in, frames out, error codes."""
