"""Rivals written for the comparison alone."""
