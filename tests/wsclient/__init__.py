"""Tests of car.wsclient."""
