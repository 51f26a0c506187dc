"""Models of DNA: molecular phenotypes, variant effects, motifs, design."""
