"""Tests of car.engine."""
