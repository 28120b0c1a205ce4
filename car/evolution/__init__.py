"""How an agent gets better: raising confidence step by step, and evolving its components."""
