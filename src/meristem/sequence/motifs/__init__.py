"""Motifs: files, scanning, comparison, what a model makes of them."""
