"""Explain."""
def explain_model(analysis):
    return None
