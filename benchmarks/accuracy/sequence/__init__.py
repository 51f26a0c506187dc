"""Accuracy of models of DNA on public reporter assays."""
