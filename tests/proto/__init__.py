"""Tests of the messages of the wire."""
