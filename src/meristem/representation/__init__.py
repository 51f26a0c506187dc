"""Learned representations of omics tables, handed on as records."""
