"""Models of DNA: from sequence to phenotype, variant effects, motifs, design."""
