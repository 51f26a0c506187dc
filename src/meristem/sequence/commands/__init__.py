"""The commands of sequence models: from a configuration to a run folder."""
