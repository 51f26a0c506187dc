"""Search of network architectures, within training rows alone."""
