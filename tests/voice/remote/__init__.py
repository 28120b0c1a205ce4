"""Tests of car.voice.remote."""
