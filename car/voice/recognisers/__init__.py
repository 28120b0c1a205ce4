"""Speech to text on this machine: whisper and pocketsphinx, each in a worker process."""
