"""New sequences from generative models, and what they are worth."""
