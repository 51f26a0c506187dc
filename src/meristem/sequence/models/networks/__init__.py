"""Networks over one-hot sequences; each non-linearity is a module used once."""
