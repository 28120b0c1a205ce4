"""Tests of car.cli."""
