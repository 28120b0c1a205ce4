"""Tests of car.client."""
