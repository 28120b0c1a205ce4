"""Tests of car.secrets."""
