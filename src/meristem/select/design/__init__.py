"""Which lines to phenotype next."""
