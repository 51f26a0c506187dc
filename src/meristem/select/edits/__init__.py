"""Which alleles to edit, with which guide."""
