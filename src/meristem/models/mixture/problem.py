"""Training rows, and what every part of a mixture reads of them, made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.genetics.copies import copy_labels
from meristem.mixed.targets import Target, random_inner, training_targets
from meristem.models.panel import MarkerPanel, make_panel
from meristem.prepare.by_environment import ENVIRONMENT, LINE, is_stacked
from meristem.records import Dataset, IntArray, Splits, StrArray

PARENTS = ("parent_1", "parent_2")


@dataclass(frozen=True)
class Problem:
    """Training rows with their markers, targets and inner splits."""

    dataset: Dataset
    panel: MarkerPanel
    targets: tuple[Target, ...]
    inner: Splits
    label: IntArray  # (n_label, n_sample) clusters of rows that depend on each other


def make_problem(
    dataset: Dataset, inner: Splits, folds: int, rng: np.random.Generator
) -> Problem:
    """Return the problem of training rows; random inner folds where none are given.

    Raises
    ------
    DataError
        If no variant varies, or a target has too few observations.
    """
    inner = inner or random_inner(dataset.n_sample, rng, folds)
    targets = training_targets(dataset.phenotypes)
    panel = make_panel(dataset.genotypes)
    return Problem(dataset, panel, targets, inner, dependence(dataset, inner))


def dependence(dataset: Dataset, inner: Splits) -> IntArray:  # (n_label, n_sample)
    """Return which rows are no independent witnesses of the question that is asked.

    Families where families are left out, both parents of crosses, environments and
    lines of trials, the folds themselves where these are clusters of relatives, and
    copies of a line.
    """
    scheme = inner[0].scheme.partition(":")[0] if inner else "kfold"
    known = () if dataset.groups is None else dataset.groups.group_name.tolist()
    if scheme == "group":
        labels = [_column(dataset, inner[0].scheme.partition(":")[2])]
    elif set(PARENTS) <= set(known):
        labels = [_column(dataset, name) for name in PARENTS]
    elif is_stacked(dataset):
        places = {"cv0": [ENVIRONMENT], "cv00": [LINE, ENVIRONMENT]}
        labels = [_column(dataset, name) for name in places.get(scheme, [LINE])]
    elif scheme == "cluster":
        fold = np.full(dataset.n_sample, -1)
        for number, split in enumerate(inner):
            fold[split.test] = number
        labels = [fold.astype(str)]
    else:
        labels = [copy_labels(dataset.genotypes)]
    return np.stack([np.unique(one, return_inverse=True)[1].ravel() for one in labels])


def _column(dataset: Dataset, name: str) -> StrArray:
    """Return labels of a grouping; where there are none, a row stands alone."""
    groups = dataset.groups
    if groups is None or name not in groups.group_name.tolist():
        return dataset.sample_id
    label = groups.column(name)
    return np.where(label == "", np.char.add("\n", dataset.sample_id), label)
