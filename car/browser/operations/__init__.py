"""What a script can ask for: one function an operation, each answering the step's data."""
