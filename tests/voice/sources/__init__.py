"""Tests of car.voice.sources."""
