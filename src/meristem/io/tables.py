"""The readers of tables, one per kind, under one roof."""

from meristem.io.environments import read_environments
from meristem.io.groups import read_groups
from meristem.io.omics import read_omics
from meristem.io.phenotypes import read_observations

__all__ = ["read_environments", "read_groups", "read_observations", "read_omics"]
