"""Reading state from dialogue by rules of language: what a turn does to what was said before."""
