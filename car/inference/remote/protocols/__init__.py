"""The providers' wire formats, one module each: a request builder and a reader of answers."""
