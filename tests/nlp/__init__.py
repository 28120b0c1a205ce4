"""Tests of car.nlp."""
