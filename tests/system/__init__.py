"""The daemon as an operator has it: a process of its own, signals, kills, a full disk."""
