"""Data sets to digest, and the command line with a small analysis."""

from tests.cli.conftest import call, demo
from tests.evaluate.conftest import dataset_factory

__all__ = ["call", "dataset_factory", "demo"]
