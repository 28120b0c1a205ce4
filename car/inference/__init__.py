"""Models behind one engine: choosing one, running it here or elsewhere, streaming, counting."""
