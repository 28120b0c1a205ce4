"""Light rules for language: which one it is, its words, the names in it."""
