"""The wire methods, one module per namespace."""
