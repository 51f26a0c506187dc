"""Genetic covariances estimated from few lines, brought together with predictions.

The correlations of the predictions are a second, biased and much less noisy, opinion on
the genetic ones. Without it an index of several traits is mostly made of noise.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from meristem.records import FloatArray
from meristem.select.index.coefficients import (
    prediction_covariance,
    realised_reliability,
)

MOST_RELIABLE = 0.95
"""Reliability of a combination of traits above which covariances are moved."""

STEP = 0.01
"""Share by which they are moved at a time."""


def _alike(genetic: FloatArray, p: FloatArray) -> FloatArray:
    """Return the variances of `genetic` with the correlations of `p`."""
    own = np.sqrt(np.maximum(np.diag(p), np.finfo(float).tiny))
    size = np.sqrt(np.maximum(np.diag(genetic), 0)) / own
    return p * size[:, None] * size


def shrink_covariances(
    genetic: FloatArray,  # (n_trait, n_trait)
    error: FloatArray,  # (n_trait, n_trait) standard errors
    p: FloatArray,  # (n_trait, n_trait) of the predictions
) -> tuple[FloatArray, float]:  # (n_trait, n_trait), mean share
    """Return estimates moved towards the correlations of the predictions.

    Each covariance moves by the share e^2 / (e^2 + d^2), e its standard error and d its
    distance: one that may well be noise moves far, one that is clearly different stays.
    The variances stay.

    References
    ----------
    Efron & Morris 1975, J Am Stat Assoc 70:311 (empirical Bayes, element by element).

    Examples
    --------
    >>> g, e = np.array([[1.0, 0.2], [0.2, 1.0]]), np.full((2, 2), 0.3)
    >>> moved, share = shrink_covariances(g, e, np.array([[0.5, 0.25], [0.25, 0.5]]))
    >>> moved.round(3).tolist(), round(share, 2)
    ([[1.0, 0.35], [0.35, 1.0]], 0.5)
    """
    apart = _alike(genetic, p) - genetic
    square = error**2
    both = square + apart**2
    share = np.divide(square, both, out=np.zeros_like(both), where=both > 0)
    np.fill_diagonal(share, 0)
    n = len(share)
    return genetic + share * apart, float(share.sum() / max(n * (n - 1), 1))


def move_together(
    genetic: FloatArray,  # (n_trait, n_trait) positive definite
    p: FloatArray,  # (n_trait, n_trait) of the predictions
) -> tuple[FloatArray, float]:  # (n_trait, n_trait), share
    """Return genetic covariances that go with the predictions, and how far they moved.

    Estimates may leave a combination of traits less variance than its own prediction
    has. The genetic correlations then move towards those of the predictions, step by
    step, until no combination is predicted with a reliability above 0.95, or as near
    to that as they get; the variances stay.

    Examples
    --------
    >>> genetic = np.array([[1.0, -0.9], [-0.9, 1.0]])
    >>> p = np.array([[0.5, 0.1], [0.1, 0.5]])
    >>> moved, share = move_together(genetic, p)
    >>> moved.round(2).tolist(), round(share, 2)
    ([[1.0, -0.51], [-0.51, 1.0]], 0.35)
    """
    alike = _alike(genetic, p)
    tried = []
    for share in np.arange(0, 1 + STEP / 2, STEP):
        moved = (1 - share) * genetic + share * alike
        most = _greatest_reliability(moved, p)
        tried.append((most, float(share), moved))
        if most <= MOST_RELIABLE:
            break
    _, share, moved = min(tried, key=lambda one: max(one[0], MOST_RELIABLE))
    return moved, share


def _greatest_reliability(genetic: FloatArray, p: FloatArray) -> float:
    """Return the reliability of the combination of traits predicted best."""
    c = prediction_covariance(genetic, realised_reliability(p, genetic))
    explained = c.T @ np.linalg.solve(p, c)
    return float(scipy.linalg.eigh(explained, genetic, eigvals_only=True)[-1])
