"""Where audio comes from: pushed samples, files, pipes, microphones, what the machine plays."""
