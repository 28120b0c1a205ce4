"""Tests of car.server.methods."""
