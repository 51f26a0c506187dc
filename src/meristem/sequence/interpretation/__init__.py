"""What a fitted model reads in a sequence: maps, motifs, logos."""
