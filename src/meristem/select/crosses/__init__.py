"""Crosses: what their progeny are expected to be, and how far they spread."""
