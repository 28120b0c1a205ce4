"""Tests of car.engine.basics."""
