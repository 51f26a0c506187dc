"""Simulated genomes whose regulation is known."""
