"""The open Common Agent Runtime: agents propose plans, the runtime verifies and executes them."""

__version__ = "0.1.0"
