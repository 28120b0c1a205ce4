"""Stand-ins for providers of models, which speak their published wire formats."""
