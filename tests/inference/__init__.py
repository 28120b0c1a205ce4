"""Tests of car.inference."""
