"""Deal rows, or groups of rows, into folds at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import IntArray, Split, Splits


def random_splits(n_sample: int, n_fold: int, rng: np.random.Generator) -> Splits:
    """Return one random k-fold split of all rows, no more folds than rows.

    Examples
    --------
    >>> splits = random_splits(5, 2, np.random.default_rng(1))
    >>> [split.test.size for split in splits]
    [3, 2]
    """
    n_fold = min(n_fold, n_sample)
    fold = rng.permutation(n_sample) % n_fold
    return tuple(
        Split("kfold", 0, k, np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k in range(n_fold)
    )


def grouped_folds(
    group: NDArray[np.generic],  # (n,)
    n_fold: int,
    rng: np.random.Generator,
    *,
    noun: str = "groups",
    remedy: str = "use fewer folds, or give more rows",
) -> IntArray:  # (n,)
    """Return the fold of every row: groups dealt out at random, none parted.

    Raises
    ------
    DataError
        If there are fewer groups than folds; `noun` says what they are.

    Examples
    --------
    >>> fold = grouped_folds(np.array(["a", "b", "a"]), 2, np.random.default_rng(1))
    >>> bool(fold[0] == fold[2]), bool(fold[0] == fold[1])
    (True, False)
    """
    names, place = np.unique(group, return_inverse=True)
    if len(names) < n_fold:
        raise DataError(
            f"{len(names)} {noun} cannot make {n_fold} folds",
            remedy=remedy,
        )
    fold: IntArray = (rng.permutation(len(names)) % n_fold)[place]
    return fold


def nested(splits: Splits, outer: Split) -> Splits:
    """Return the other splits among the training rows of one of them.

    They ask the same kind of question of fewer rows. Positions are those within
    `outer.train`; splits that leave no row on a side are passed over.

    Examples
    --------
    >>> splits = random_splits(6, 3, np.random.default_rng(1))
    >>> inside = nested(splits, splits[0])
    >>> [(split.train.size, split.test.size) for split in inside]
    [(2, 2), (2, 2)]
    """
    found = []
    for split in splits:
        if split is outer:
            continue
        train = np.flatnonzero(np.isin(outer.train, split.train))
        test = np.flatnonzero(np.isin(outer.train, split.test))
        if train.size and test.size:
            name = (split.scheme, split.replicate, split.fold)
            found.append(Split(*name, train, test))
    return tuple(found)
