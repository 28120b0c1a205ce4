"""The stores over SQLite."""
