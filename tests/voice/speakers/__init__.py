"""Tests of ``car.voice.speakers``."""
