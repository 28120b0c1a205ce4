"""Tests of the ranking of proposals."""
