"""Services of speech to text on loopback, in the formats that they publish."""
