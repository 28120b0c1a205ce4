"""The ``car`` console script, one module a command."""
