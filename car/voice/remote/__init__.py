"""Speech to text by services on the network, each over a WebSocket of its own."""
