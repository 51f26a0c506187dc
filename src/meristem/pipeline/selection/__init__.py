"""From the joint posterior of a run to a plan: what to keep, what to cross."""
