"""Genomes: sequence, names of contigs, genes, windows."""
