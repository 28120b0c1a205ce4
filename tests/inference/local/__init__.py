"""Tests of car.inference.local."""
