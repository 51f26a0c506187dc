"""Polygenic kernels of expression: markers even, or weighted by what all genes say.

Trans hotspots act on hundreds of genes. What each marker explains over all genes of
the training lines tells where they are, and each gene's prediction gains from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.expression.cis.shares import (
    fit_shares,
    share_grid,
    share_kernel,
)
from meristem.genetics.frequency import BLOCK
from meristem.records import FloatArray, IntArray, Splits
from meristem.stats.correlation import columnwise_r

POWERS = (0.0, 0.5, 1.0, 1.5)
"""Exponents of the share a marker explains; 0 is the ordinary kernel."""
JUDGES = 1000
"""Genes at most, evenly taken, that judge a power."""
FLOOR = 0.01
"""Weight of a marker that explains nothing, as a share of the mean weight."""


@dataclass(frozen=True)
class MarkerKernel:
    """A kernel of mean diagonal 1 among the training lines."""

    factor: FloatArray  # (n_variant,) of standardised dosages
    power: float

    def gram(
        self,
        a: FloatArray,  # (n_a, n_variant) standardised
        b: FloatArray,  # (n_b, n_variant)
    ) -> FloatArray:  # (n_a, n_b)
        """Return the kernel between two sets of lines."""
        return (a * self.factor) @ (b * self.factor).T


def marker_shares(
    markers: FloatArray,  # (n, n_variant) standardised
    expression: FloatArray,  # (n, n_gene)
) -> FloatArray:  # (n_variant,)
    """Return the mean share of a gene's variance a marker explains beyond chance.

    Examples
    --------
    >>> x = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    >>> marker_shares(x, x[:, [0]] * [[1.0, 2.0]]).round(2).tolist()
    [0.67, 0.0]
    """
    n = markers.shape[0]
    y = _unit(expression)
    first, place = _distinct(markers)
    explained = np.empty(first.size)
    for start in range(0, first.size, BLOCK):
        own = _unit(markers[:, first[start : start + BLOCK]])
        explained[start : start + BLOCK] = ((own.T @ y) ** 2).mean(axis=1)
    return np.maximum(explained - 1 / (n - 1), 0.0)[place]


def _distinct(markers: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the first of every kind of column, and the kind of each column."""
    rows = np.ascontiguousarray(markers.T)
    kinds: dict[bytes, int] = {}
    place = [kinds.setdefault(row.tobytes(), len(kinds)) for row in rows]
    first = np.unique(place, return_index=True)[1]
    return first, np.array(place)


def weighted_kernel(
    markers: FloatArray,  # (n, n_variant) standardised
    share: FloatArray | None = None,  # (n_variant,) what each explains
    power: float = 0.0,
) -> MarkerKernel:
    """Return the kernel whose markers weigh by a power of what they explain.

    Raises
    ------
    DataError
        If no marker varies.
    """
    weight = np.ones(markers.shape[1])
    if power > 0 and share is not None and share.mean() > 0:
        weight = (share / share.mean() + FLOOR) ** power
    size = float(((markers**2) @ weight).mean())
    if size <= 0:
        raise DataError(
            "no variant varies among the training lines",
            remedy="check the marker filters, or give more lines",
        )
    return MarkerKernel(np.sqrt(weight / size), power)


def choose_power(
    markers: FloatArray,  # (n, n_variant) standardised
    expression: FloatArray,  # (n, n_gene)
    inner: Splits,
    powers: tuple[float, ...] = POWERS,
) -> tuple[float, dict[float, float]]:
    """Choose the power by the mean r over genes of inner lines held out.

    Returns
    -------
    power, reached
        The choice, and the mean r of every candidate.
    """
    total = dict.fromkeys(powers, 0.0)
    judges = np.unique(np.linspace(0, expression.shape[1] - 1, JUDGES).astype(int))
    for split in inner:
        x, y = markers[split.train], expression[split.train]
        share = marker_shares(x, y)
        for power in powers:
            kernel = weighted_kernel(x, share, power)
            dual = polygenic_duals(kernel.gram(x, x), y[:, judges])
            held = kernel.gram(markers[split.test], x) @ dual
            r = columnwise_r(held, expression[np.ix_(split.test, judges)])
            total[power] += float(np.nan_to_num(r).mean()) / len(inner)
    return max(total, key=lambda one: total[one]), total


def polygenic_duals(
    kernel: FloatArray,  # (n, n)
    expression: FloatArray,  # (n, n_gene)
) -> FloatArray:  # (n, n_gene)
    """Return dual weights of all genes on one kernel, shares averaged."""
    sets: list[list[FloatArray]] = [[] for _ in range(expression.shape[1])]
    fits = fit_shares(share_kernel(kernel), expression, sets, share_grid(0))
    return np.column_stack([fit.dual for fit in fits])


def _unit(x: FloatArray) -> FloatArray:
    centred = x - x.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    return np.asarray(centred / np.where(length > 1e-12, length, np.inf))
