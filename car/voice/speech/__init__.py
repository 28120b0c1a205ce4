"""Speech out: text to audio by programs of this machine or services, whole or as streams."""
