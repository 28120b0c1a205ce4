"""A lazily launched browser per connection."""
