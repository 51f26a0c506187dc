"""Which rows of a data set are lines to predict: those that were never phenotyped."""

from __future__ import annotations

import numpy as np

from meristem.genetics.hybrids import own_parents
from meristem.prepare.by_environment import LINE, is_stacked
from meristem.records import Dataset, IntArray


def unseen_lines(dataset: Dataset) -> IntArray:
    """Return the rows without phenotype that are not there for their omics alone.

    Left out are parents of hybrids, and the rows that carry the omics of a line whose
    trials stand in other rows.
    """
    unseen = np.isnan(dataset.phenotypes.value).all(axis=1)
    teaching = own_parents(dataset)
    if dataset.groups is not None and is_stacked(dataset):
        line = dataset.groups.column(LINE)
        teaching |= np.isin(line, line[~unseen])
    return np.flatnonzero(unseen & ~teaching)
