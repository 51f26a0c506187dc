"""Sequences edited towards a wanted prediction, within constraints."""
