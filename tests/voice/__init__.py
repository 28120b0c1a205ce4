"""Tests of car.voice."""
