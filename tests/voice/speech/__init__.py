"""Tests of car.voice.speech."""
