"""Tests of the graph memory."""
