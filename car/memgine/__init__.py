"""Graph memory: facts, conversation, skills; retrieval and context assembly, without a model."""
