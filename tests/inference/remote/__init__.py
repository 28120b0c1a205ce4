"""Tests of car.inference.remote."""
