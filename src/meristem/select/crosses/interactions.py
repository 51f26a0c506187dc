"""Pairs of loci that interact, found among simulated progeny: a second control.

A gamete and its complement have x and -x, so that the mean of the two values holds the
products of loci and no single locus: interactions are learned apart from effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray

Codes = NDArray[np.float32]  # (n, n_locus) -1, 0 or 1; 0 also where a cross is fixed

MOST_PAIRS = 128
MOST_LOCI = 1000
"""Loci among which pairs are sought; of more, those with the largest products."""

_AT_ONCE, _TRIED = 8, 200
_SKETCHES = 32
_RIDGE = 1e-3  # of the sum of squares of a product
_STEPS_WITHOUT = 2


@dataclass(frozen=True)
class Pairs:
    """A sum over products of two loci."""

    first: IntArray  # (n_pair,)
    second: IntArray  # (n_pair,)
    effect: FloatArray  # (n_pair,) of x_first x_second

    def value(self, x: Codes) -> FloatArray:  # (n, n_locus) -> (n,)
        """Return the sum of the products."""
        total = (x[:, self.first] * x[:, self.second]) @ self.effect
        return np.asarray(total, dtype=np.float64)


def find_pairs(
    x: Codes,  # (n, n_locus) one row per gamete and complement
    even: FloatArray,  # (n,) mean of the two values
    family: IntArray,  # (n,) number of the cross
    *,
    most: int = MOST_PAIRS,
) -> Pairs:
    """Return pairs whose products tell the values within families.

    Orthogonal matching pursuit, a few pairs at a time; a third of the rows says how
    many.

    Parameters
    ----------
    x
        Alleles: -1 and 1 where the cross of the row segregates, 0 where it is fixed.
    even
        Values without what is odd in x.
    family
        Rows are compared within one.
    most
        Pairs at most.

    References
    ----------
    Pati, Rezaiifar & Krishnaprasad 1993, 27th Asilomar Conf 40 (matching pursuit).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.choice(np.float32([-1, 1]), (60, 9))
    >>> found = find_pairs(x, 3.0 * x[:, 2] * x[:, 5], np.zeros(60, dtype=int))
    >>> found.first.tolist(), found.second.tolist(), found.effect.round(1).tolist()
    ([2], [5], [3.0])
    """
    check = np.arange(even.size) % 3 == 2
    target = _within(even[:, None], family)[:, 0]
    loci = _loci(x, target)
    search = _Search(x[~check][:, loci], even[~check], family[~check])
    judge = x[check][:, loci], _within(even[check][:, None], family[check])[:, 0]
    least, kept, idle = float(judge[1] @ judge[1]) * (1 - 1e-9), 0, 0
    while len(search.pairs) < most and idle < _STEPS_WITHOUT:
        if not search.extend(min(_AT_ONCE, most - len(search.pairs))):
            break
        first, second = np.array(search.pairs).T
        said = _products(judge[0], first, second, family[check]) @ search.effect
        error = float(np.sum((judge[1] - said) ** 2))
        if error < least:
            least, kept, idle = error, len(search.pairs), 0
        else:
            idle += 1
    chosen = np.array(search.pairs[:kept], dtype=np.int64).reshape(-1, 2)
    first, second = loci[chosen[:, 0]], loci[chosen[:, 1]]
    column = _products(x, first, second, family)
    effect = _ridge(column, target)
    large = np.abs(effect) > 1e-3 * np.abs(effect).max(initial=0.0)
    return Pairs(first[large], second[large], effect[large])


def _loci(x: Codes, target: FloatArray) -> IntArray:
    """Return the loci with the largest products, by random sums over partners."""
    if x.shape[1] <= MOST_LOCI:
        return np.arange(x.shape[1])
    rng = np.random.default_rng(x.shape[1])
    sign = rng.choice([-1.0, 1.0], (x.shape[1], _SKETCHES)).astype(x.dtype)
    partner = x @ sign
    size = np.sum((x.T @ (partner * target[:, None].astype(x.dtype))) ** 2, axis=1)
    return np.sort(np.argsort(-size, kind="stable")[:MOST_LOCI])


class _Search:
    """Pairs so far, and what they leave of the values."""

    def __init__(self, x: Codes, even: FloatArray, family: IntArray) -> None:
        self.x, self.family = x, family
        self.target = _within(even[:, None], family)[:, 0]
        self.rest = self.target
        self.pairs: list[tuple[int, int]] = []
        self.effect: FloatArray = np.zeros(0)
        square = x * x
        self.size = square.T @ square  # of each product, centred within families
        for name in np.unique(family):
            some = x[family == name]
            self.size -= (some.T @ some) ** 2 / some.shape[0]
        self.size[np.tril_indices(x.shape[1], -1)] = 0
        self.floor = 0.02 * float(self.size.max(initial=0.0))

    def extend(self, most: int) -> bool:
        """Add some pairs, and fit all anew; tell whether any was added."""
        total = (self.x * self.rest[:, None].astype(self.x.dtype)).T @ self.x
        usable = self.size > max(self.floor, 1e-9)
        score = np.where(usable, total**2 / np.maximum(self.size, 1e-9), 0.0)
        for j, k in self.pairs:
            score[j, k] = 0.0
        flat = np.argpartition(-score, min(_TRIED, score.size - 1), axis=None)[:_TRIED]
        flat = flat[score.ravel()[flat] > 1e-12 * max(float(self.rest @ self.rest), 0)]
        if not flat.size or float(self.rest @ self.rest) <= 1e-12:
            return False
        one, two = np.unravel_index(flat, score.shape)
        columns = _products(self.x, one, two, self.family)
        for place in _pursued(columns, self.rest, most):
            self.pairs.append((int(one[place]), int(two[place])))
        first, second = np.array(self.pairs).T
        known = _products(self.x, first, second, self.family)
        self.effect = _ridge(known, self.target)
        self.rest = self.target - known @ self.effect
        return True


def _pursued(columns: FloatArray, target: FloatArray, most: int) -> list[int]:
    """Return columns, each the one that tells most of what those before leave."""
    left, rest = columns.copy(), target.copy()
    start = np.sum(columns**2, axis=0)
    chosen: list[int] = []
    for _ in range(min(most, columns.shape[1])):
        size = np.sum(left**2, axis=0)
        free = size > 0.1 * start
        score = np.where(free, (left.T @ rest) ** 2 / np.maximum(size, 1e-12), 0.0)
        place = int(np.argmax(score))
        if score[place] <= 1e-12 * float(target @ target):
            break
        chosen.append(place)
        axis = left[:, place] / np.sqrt(size[place])
        rest -= axis * (axis @ rest)
        left -= np.outer(axis, axis @ left)
    return chosen


def _products(
    x: Codes, first: IntArray, second: IntArray, family: IntArray
) -> FloatArray:  # (n, n_pair)
    made = (x[:, first] * x[:, second]).astype(np.float64)
    return _within(made, family)


def _within(values: FloatArray, family: IntArray) -> FloatArray:  # (n, n_column)
    """Return values less the mean of their family."""
    _, place = np.unique(family, return_inverse=True)
    n = place.size
    member = scipy.sparse.csr_array((np.ones(n), (place, np.arange(n))))
    mean = (member @ values) / np.bincount(place)[:, None]
    return np.asarray(values - mean[place])


def _ridge(columns: FloatArray, target: FloatArray) -> FloatArray:  # (n_column,)
    if not columns.shape[1]:
        return np.zeros(0)
    square = columns.T @ columns
    square[np.diag_indices_from(square)] *= 1 + _RIDGE
    square[np.diag_indices_from(square)] += 1e-9
    return np.asarray(np.linalg.solve(square, columns.T @ target))
