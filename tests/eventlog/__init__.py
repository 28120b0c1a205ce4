"""Tests of car.eventlog."""
