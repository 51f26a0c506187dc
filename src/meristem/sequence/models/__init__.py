"""Models of DNA behind one protocol, and the catalogue of their kinds."""
