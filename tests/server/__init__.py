"""Tests of car.server."""
