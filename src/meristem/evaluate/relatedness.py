"""How closely the test lines of a fold are related to its training lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.genetics.frequency import dosage_moments
from meristem.genetics.relationship import nearest_relationship
from meristem.records import Genotypes, Split

MOST_LINES = 200
"""Test lines of a fold that are looked at, evenly over the fold."""


def fold_relatedness(genotypes: Genotypes, splits: Sequence[Split]) -> pd.DataFrame:
    """Return the largest genomic correlation of test lines with a training line.

    Parameters
    ----------
    genotypes
        Of all rows.
    splits
        Folds; those of the first replicate are described.

    Returns
    -------
    DataFrame
        `split, replicate, fold, train, test, mean, low, high`: rows in training and in
        test, mean over the test lines, and the tenth part below and above which they
        lie. 1: the line, or a copy of it, is trained on elsewhere.

    Examples
    --------
    >>> from meristem.records import VariantTable
    >>> name = np.array(["v1", "v2", "v3", "v4"])
    >>> table = VariantTable(name, np.repeat("1", 4), np.arange(1, 5), name, name)
    >>> calls = np.array([[0, 2, 0, 2], [2, 0, 2, 0], [0, 2, 0, 2]], dtype=np.int8)
    >>> lines = Genotypes(np.array(["a", "b", "c"]), table, calls)
    >>> split = Split("kfold", 0, 0, np.array([0, 1]), np.array([2]))
    >>> fold_relatedness(lines, [split])["mean"].tolist()
    [1.0]
    """
    first = min((split.replicate for split in splits), default=0)
    rows = []
    for split in splits:
        if split.replicate != first or ":n=" in split.scheme or ":p=" in split.scheme:
            continue
        step = max(1, -(-split.test.size // MOST_LINES))
        train = genotypes.call_dosage[split.train]
        near = nearest_relationship(
            genotypes.call_dosage[split.test[::step]], train, dosage_moments(train).mean
        )
        low, high = np.quantile(near, [0.1, 0.9])
        sizes = split.train.size, split.test.size
        place = split.scheme, split.replicate, split.fold
        rows.append((*place, *sizes, near.mean(), low, high))
    columns = ["split", "replicate", "fold", "train", "test", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns).round(4)
