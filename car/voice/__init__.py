"""Speech in and out: voice sessions, transcript events, streamed synthesis, speakers, turns."""
