"""Tests of car.web."""
