"""Who contributes how much to the next generation: gain against coancestry."""
