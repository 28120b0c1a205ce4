"""Tests of cascades and of evolution."""
