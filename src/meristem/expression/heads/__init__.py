"""From embeddings to expression."""
