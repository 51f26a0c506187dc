"""What can still be told of confounders, and of biology, on rows held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import SVC, SVR

from meristem.records import FloatArray, IntArray
from meristem.representation.confound.confounders import Confounder

Learn = Callable[[IntArray], FloatArray]
"""Rows to learn from -> factors of all rows, learned on those alone."""


def held_folds(
    unit: NDArray,  # (n_sample,) what is held out together (lines)
    n_fold: int,
    rng: np.random.Generator,
) -> list[tuple[IntArray, IntArray]]:
    """Return training and test rows of folds of whole units."""
    names, index = np.unique(unit, return_inverse=True)
    fold = rng.permutation(names.size) % min(n_fold, names.size)
    return [
        (np.flatnonzero(fold[index] != k), np.flatnonzero(fold[index] == k))
        for k in range(int(fold.max()) + 1)
    ]


def probe_confounder(
    learn: Learn,
    one: Confounder,
    folds: Sequence[tuple[IntArray, IntArray]],
    *,
    nonlinear: bool = False,
) -> float:
    """Return how well a confounder is told from factors of rows held out.

    Factors and probe are learned on the training rows of a fold. Of labels it is the
    balanced accuracy (chance: one over their number), of numbers Pearson's r (chance:
    0). The probe is a logistic or ridge regression, or a support vector machine with
    radial kernel.
    """
    known = one.label != ""
    truth, said = [], []
    for train, test in folds:
        rows, new = train[known[train]], test[known[test]]
        if new.size == 0 or rows.size == 0:
            continue
        z = _standard(learn(train), train)
        y = one.label if one.number is None else one.number
        if one.number is None and np.unique(y[rows]).size < 2:
            continue
        model = _probe(one.number is None, nonlinear).fit(z[rows], y[rows])
        said.append(model.predict(z[new]))
        truth.append(y[new])
    if not truth:
        return float("nan")
    observed, predicted = np.concatenate(truth), np.concatenate(said)
    if one.number is None:
        return float(balanced_accuracy_score(observed, predicted))
    if predicted.std() == 0:
        return 0.0
    return float(np.corrcoef(observed, predicted)[0, 1])


def probe_values(
    learn: Learn,
    target: FloatArray,  # (n_sample, n_target)
    folds: Sequence[tuple[IntArray, IntArray]],
) -> FloatArray:  # (n_target,)
    """Return Pearson's r of values told from factors of rows held out."""
    said = np.full(target.shape, np.nan)
    for train, test in folds:
        z = _standard(learn(train), train)
        model = RidgeCV(np.geomspace(1e-1, 1e4, 11)).fit(z[train], target[train])
        said[test] = model.predict(z[test]).reshape(test.size, -1)
    a = said - said.mean(axis=0)
    b = target - target.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.asarray((a * b).sum(axis=0) / np.maximum(size, 1e-12))


def _standard(z: FloatArray, train: IntArray) -> FloatArray:
    sd = z[train].std(axis=0)
    return (z - z[train].mean(axis=0)) / np.where(sd > 0, sd, 1.0)


def _probe(labels: bool, nonlinear: bool) -> LogisticRegression:
    if labels:
        if nonlinear:
            return SVC(class_weight="balanced")
        return LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced")
    return SVR() if nonlinear else RidgeCV(np.geomspace(1e-1, 1e4, 11))
