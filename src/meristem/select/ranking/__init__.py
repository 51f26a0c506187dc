"""Candidates in order: chances, the gain of a set, what every filter takes away."""
