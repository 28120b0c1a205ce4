"""Scoring of candidate proposals."""
