"""Models behind other people's HTTP APIs: five wire formats, streaming, retries, key pools."""
