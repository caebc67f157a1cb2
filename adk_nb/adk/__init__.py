"""All that replaces, subclasses or reads what is private in ADK, and its agents as we see them."""
