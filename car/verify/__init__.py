"""Whole-proposal analysis: verify, simulate, equivalent, optimize."""
