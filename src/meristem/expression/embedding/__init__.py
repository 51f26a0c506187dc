"""Sequences as numbers: motifs, trained models, language models, and a control."""
