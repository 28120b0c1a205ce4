"""Tests of whole-proposal analysis."""
