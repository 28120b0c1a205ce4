"""Tests of car.browser."""
