"""The tiny plan and its lines, which tests of readers of networks use as well."""

from tests.interpret.toys import genotypes, plan

__all__ = ["genotypes", "plan"]
