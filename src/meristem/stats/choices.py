"""Choose among settings by held-out rows, and predict rows that had no say in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.records.arrays import FloatArray, IntArray


def best_choice(
    tried: Sequence[tuple[IntArray, FloatArray]],
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
) -> tuple[int, FloatArray]:
    """Return the choice of least error, and predictions by choices that rows left open.

    The error of the best of many choices flatters it on the rows that chose. The rows
    of a split are therefore predicted at the choice that all other rows make.

    Parameters
    ----------
    tried
        Of every inner split its test rows (n_test,) and their predictions at every
        choice, (n_choice, n_test).
    y
        Values of all rows.
    weight
        Of their squared errors.

    Returns
    -------
    best : int
        The first choice of the least weighted squared error over all splits.
    unseen : ndarray
        (n,) mean prediction of a row over the splits that test it, NaN where none
        does. Where no other row is tested, the choice is `best`.

    References
    ----------
    Tibshirani & Tibshirani 2009, Ann Appl Stat 3:822 (the bias of the smallest
    cross-validated error).

    Examples
    --------
    Two constant predictions; each pair of rows has an opinion of its own:

    >>> rows = np.array([0, 1]), np.array([2, 3])
    >>> tried = [(test, np.array([[0.0, 0.0], [1.0, 1.0]])) for test in rows]
    >>> best_choice(tried, np.array([0.0, 0.0, 1.0, 1.1]), np.ones(4))
    (1, array([1., 1., 0., 0.]))
    """
    n_choice = tried[0][1].shape[0]
    loss, count = np.zeros((n_choice, y.size)), np.zeros(y.size)
    for test, predicted in tried:
        loss[:, test] += (predicted - y[test]) ** 2 * weight[test]
        count[test] += 1
    best = int(np.argmin(loss.sum(axis=1)))
    unseen = np.zeros(y.size)
    for test, predicted in tried:
        others = count > 0
        others[test] = False
        at = int(np.argmin(loss[:, others].sum(axis=1))) if others.any() else best
        unseen[test] += predicted[at]
    return best, unseen / np.where(count > 0, count, np.nan)
