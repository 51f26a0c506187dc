"""Numbers of a sequence that need no training: k-mers and occupancies of motifs."""
