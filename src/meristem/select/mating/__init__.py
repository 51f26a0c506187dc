"""Which crosses, how many, with how many progeny; proven, and in a field book."""
