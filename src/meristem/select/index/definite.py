"""Covariance matrices that can be: refused with the direction named, or bent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray

TINY = 1e-10
"""An eigenvalue below this share of the largest one is no variance."""

SHRINK = 0.01
"""Step by which correlations are pulled together while bending."""


def refuse_indefinite(
    matrix: FloatArray,  # (n, n)
    names: Sequence[str],
    what: str,
    *,
    strict: bool = True,
    remedy: str = "give other variances or fewer traits, or set index.bend = true",
) -> None:
    """Refuse a covariance matrix with a combination of traits of no variance.

    Parameters
    ----------
    matrix
        Symmetric.
    names
        Of its rows.
    what
        What the matrix is, for the message.
    strict
        Whether a variance of zero is refused too, not only a negative one.
    remedy
        What helps.

    Raises
    ------
    DataError
        If an eigenvalue of the correlation matrix is negative (or zero): an index
        computed from it could promise anything. The message names the combination.

    Examples
    --------
    >>> refuse_indefinite(np.array([[4.0, 1.0], [1.0, 3.0]]), ["a", "b"], "P")
    """
    values, vectors = np.linalg.eigh(correlation_of(matrix))
    bound = TINY * values[-1] if strict else -TINY * values[-1]
    if np.isfinite(matrix).all() and values[0] > bound and np.diag(matrix).min() > 0:
        return
    scale = np.sqrt(np.maximum(np.diag(matrix), np.finfo(float).tiny))
    lead = vectors[:, 0]  # of traits in units of their SD
    if np.diag(matrix).min() <= 0:
        lead = np.eye(len(names))[int(np.diag(matrix).argmin())]
    direction = lead / scale
    direction /= np.abs(direction).max()
    order = np.argsort(-np.abs(lead))
    parts = " ".join(
        f"{direction[row]:+.3g} x {names[row]}"
        for row in order
        if abs(lead[row]) > 0.05 * np.abs(lead).max()
    )
    raise DataError(
        f"{what} is no covariance matrix: the combination {parts} has the variance "
        f"{direction @ matrix @ direction:.3g}",
        where="index",
        remedy=remedy,
    )


def correlation_of(matrix: FloatArray) -> FloatArray:  # (n, n)
    """Return the correlations of a covariance matrix; 0 where a variance is not > 0."""
    sd = np.sqrt(np.maximum(np.diag(matrix), 0))
    root = np.divide(1, sd, out=np.zeros_like(sd), where=sd > 0)
    correlation = matrix * root[:, None] * root
    np.fill_diagonal(correlation, 1.0)
    return np.nan_to_num(correlation, posinf=0.0, neginf=0.0)


def bend(
    matrix: FloatArray,  # (n, n)
) -> tuple[FloatArray, float]:  # (n, n), share
    """Return a positive definite matrix near a symmetric one, and how far it was bent.

    The eigenvalues of the correlation matrix are shrunk towards their mean, 1, until
    the smallest one is clear of 0; the variances stay.

    Raises
    ------
    DataError
        If a variance is not above 0: no bending helps.

    References
    ----------
    Hayes & Hill 1981, Biometrics 37:483.

    Examples
    --------
    >>> bent, share = bend(np.array([[1.0, 1.2], [1.2, 1.0]]))
    >>> round(share, 2), bool(np.linalg.eigvalsh(bent)[0] > 0)
    (0.18, True)
    """
    if not np.diag(matrix).min() > 0:
        raise DataError(
            f"a variance of {np.diag(matrix).min():.3g} cannot be bent",
            where="index",
            remedy="give variances above 0",
        )
    sd = np.sqrt(np.diag(matrix))
    correlation = correlation_of(matrix)
    lowest = float(np.linalg.eigvalsh(correlation)[0])
    share = 0.0
    while (1 - share) * lowest + share < SHRINK:
        share += SHRINK
    bent = (1 - share) * correlation + share * np.eye(len(sd))
    return bent * sd[:, None] * sd, share
