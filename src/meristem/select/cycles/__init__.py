"""Breeding programmes simulated over several cycles."""
