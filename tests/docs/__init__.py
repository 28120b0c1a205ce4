"""Tests of the documentation: what it says of the code must be so."""
