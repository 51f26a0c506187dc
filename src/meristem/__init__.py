"""Biologically informed genotype-to-phenotype modelling."""

from meristem._version import __version__

__all__ = ["__version__"]
