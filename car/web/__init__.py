"""Reading the web: pages as text, and what a search engine finds."""
