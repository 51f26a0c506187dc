"""Sequences in: files, measured tables, one-hot coding, splits that do not leak."""
