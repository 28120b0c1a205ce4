"""Tests of car.meeting."""
