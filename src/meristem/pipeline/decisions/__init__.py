"""Commands that turn a run into decisions."""
