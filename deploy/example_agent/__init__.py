"""An agent as `adk create` makes it."""
