"""Skills: what an agent has learnt to do, how well it works, and who may deploy it."""
