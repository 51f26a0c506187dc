"""Everything meristem writes for itself and reads again, under one roof."""

from meristem.io.dataset_store import read_dataset, write_dataset
from meristem.io.genotype_store import (
    iter_blocks,
    read_genotypes_store,
    write_genotypes,
)
from meristem.io.state_store import read_state, write_state

__all__ = [
    "iter_blocks",
    "read_dataset",
    "read_genotypes_store",
    "read_state",
    "write_dataset",
    "write_genotypes",
    "write_state",
]
