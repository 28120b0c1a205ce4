"""Tests of the Agent IR."""
