"""Devices that share what they record."""
