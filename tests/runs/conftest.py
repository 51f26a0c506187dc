"""Data sets to digest."""

from tests.evaluate.conftest import dataset_factory

__all__ = ["dataset_factory"]
