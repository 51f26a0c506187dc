"""The page of a selection, from its files alone."""
