"""Expression of every line from its own genome."""
