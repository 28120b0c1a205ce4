"""The runtime: from a proposal to its results."""
