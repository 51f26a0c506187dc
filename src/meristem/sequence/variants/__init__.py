"""Variants: what they do to proteins and to what a model predicts."""
