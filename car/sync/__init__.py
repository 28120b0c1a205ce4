"""State shared by a user's devices: an operation log each, folded alike on all of them."""
