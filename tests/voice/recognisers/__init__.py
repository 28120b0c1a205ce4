"""Tests of car.voice.recognisers."""
