"""The Agent IR: proposals, actions, tools, results; the JSON codec and RFC 3339 text."""
