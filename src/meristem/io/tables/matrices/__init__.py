"""Tables of numbers for pairs of lines."""
