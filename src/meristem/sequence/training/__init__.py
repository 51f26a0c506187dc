"""Losses with missing tasks, and the loop that trains an ensemble."""
