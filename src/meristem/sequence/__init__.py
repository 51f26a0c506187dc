"""Models of DNA: from sequence to molecular phenotype, variant effects, motifs, design."""
