"""The plan and the data that tests of attributions share with those of readers."""

from tests.interpret.conftest import data_factory, genotypes, network, plan

__all__ = ["data_factory", "genotypes", "network", "plan"]
