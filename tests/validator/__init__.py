"""Tests of preconditions and schemas."""
