"""Tests of car.memgine.dialogue."""
