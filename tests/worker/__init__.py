"""Tests of car.worker."""
