"""The commands `meristem expression`."""
