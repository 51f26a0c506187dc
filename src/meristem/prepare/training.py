"""What a fold learns from: training rows, with nothing of the other rows in them."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import NDArray

from meristem.prepare.adjust import readjusted
from meristem.prepare.by_environment import (
    EnvironmentMeans,
    centre_environments,
    environment_means,
    is_stacked,
)
from meristem.records import Dataset


def training_set(
    dataset: Dataset, rows: NDArray
) -> tuple[Dataset, EnvironmentMeans | None]:
    """Return training rows as models see them.

    Adjusted means are learned anew from the measurements of these rows alone. Rows of
    lines in environments then lose the mean that their environment has among them.

    Parameters
    ----------
    dataset
        All rows.
    rows
        Positions of the training rows.

    Returns
    -------
    train : Dataset
        The rows.
    means : EnvironmentMeans or None
        What was taken off; None where rows are lines.
    """
    train = dataset.take(rows)
    train = replace(train, phenotypes=readjusted(train.phenotypes))
    if not is_stacked(train):
        return train, None
    means = environment_means(train)
    return centre_environments(train, means), means
