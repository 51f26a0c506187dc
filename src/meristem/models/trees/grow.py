"""Random forests of dosages: few values of a marker make a split two sums.

A dosage has few values, so that the best split of a node at a marker needs no sorting:
sums of phenotype and weight over the rows above every value, for all markers that the
node asks, are one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.models.trees.arrays import LEAF, TreeArrays, join_trees
from meristem.records import FloatArray, IntArray

MANY = 60
"""Rows from which a block of markers is read marker by marker."""


@dataclass(frozen=True)
class Growth:
    """How trees grow."""

    trees: int
    max_features: float  # share of the markers that a node asks, in (0, 1]
    min_leaf: int  # rows of a leaf, at least


@dataclass(frozen=True)
class Forest:
    """Grown trees, over dosages, and what they say of rows that they did not draw."""

    trees: TreeArrays  # left where dosage <= threshold, which is a half
    unseen: FloatArray  # (n,) mean of the trees that predict a row, NaN without
    noise: FloatArray  # (n,) what its variance has more than the mean of all trees


def grow_forest(
    dosage: NDArray[np.int8],  # (n, n_variant) from 0 upwards, none missing
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    growth: Growth,
    rng: np.random.Generator,
    splits: Sequence[tuple[IntArray, IntArray]] = (),
) -> Forest:
    """Grow trees on rows drawn with replacement, each node on some of the markers.

    A node is split where the weighted squared error falls the most, among splits that
    leave either side enough of the rows that were drawn; a leaf says the weighted mean
    of its rows.

    Parameters
    ----------
    dosage
        Copies of the counted allele.
    y, weight
        Phenotypes and their precision.
    growth
        How many trees, and how each grows.
    rng
        Draws rows and markers.
    splits
        Training and test rows of inner folds: trees draw from the training rows of one
        after the other, and predict its test rows. Empty: from all rows, and those that
        a tree did not draw are predicted.

    References
    ----------
    Breiman 2001, Machine Learning 45:5 (random forests, rows out of bag).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 3, (200, 20)).astype(np.int8)
    >>> y = np.where(x[:, 3] > 0, 1.0, -1.0)
    >>> found = grow_forest(x, y, np.ones(200), Growth(20, 0.5, 3), rng)
    >>> bool(np.corrcoef(found.unseen, y)[0, 1] > 0.9)
    True
    """
    n = y.size
    by_row, markers = np.ascontiguousarray(dosage), np.ascontiguousarray(dosage.T)
    levels = np.unique(dosage)[:-1]
    grown, (total, square, count) = [], np.zeros((3, n))
    # each with draws of its own, so that what one grows into changes no other
    for number, own in enumerate(rng.spawn(growth.trees)):
        among, out = np.arange(n), None
        if splits:
            among, out = splits[number % len(splits)]
        drawn = among[own.integers(among.size, size=n)]
        times = np.bincount(drawn, minlength=n)
        tree = _Tree(by_row, markers, levels, y, weight * times, growth, own)
        grown.append(tree.nodes())
        rows = np.flatnonzero(times == 0) if out is None else out
        value = tree.leaf_values(rows)
        total[rows] += value
        square[rows] += value**2
        count[rows] += 1
    unseen = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
    spread = np.maximum(square - count * unseen**2, 0) / np.maximum(count - 1, 1)
    noise = spread * (1 / np.maximum(count, 1) - 1 / growth.trees)
    return Forest(join_trees(grown), unseen, np.where(count > 1, noise, 0.0))


class _Tree:
    """One tree, grown from the root to its leaves."""

    def __init__(
        self,
        by_row: NDArray[np.int8],  # (n, n_variant)
        markers: NDArray[np.int8],  # (n_variant, n) the same
        levels: NDArray[np.int8],  # dosages that others exceed
        y: FloatArray,  # (n,)
        weight: FloatArray,  # (n,) 0 of rows that were not drawn
        growth: Growth,
        rng: np.random.Generator,
    ) -> None:
        self.by_row, self.markers, self.levels = by_row, markers, levels
        self.growth, self.rng = growth, rng
        self.weight, self.weighted = weight, weight * y
        self.asked = max(1, int(growth.max_features * markers.shape[0]))
        self.left: list[int] = []
        self.right: list[int] = []
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.value: list[float] = []
        waiting = [(np.flatnonzero(weight > 0), LEAF, self.left)]
        while waiting:
            rows, parent, side = waiting.pop()
            number = len(self.value)
            if parent != LEAF:
                side[parent] = number
            heavy, value = weight[rows], self.weighted[rows]
            total = float(heavy.sum())
            mean = float(value.sum()) / total
            self.value.append(mean)
            terms = np.ones((rows.size, 3), dtype=np.float32)
            terms[:, 0], terms[:, 1] = value - mean * heavy, heavy
            marker, level = self._split(rows, terms, total)
            self.feature.append(max(marker, 0))
            self.threshold.append(level + 0.5)
            self.left.append(LEAF)
            self.right.append(LEAF)
            if marker != LEAF:
                below = markers[marker, rows] <= level
                waiting.append((rows[~below], number, self.right))
                waiting.append((rows[below], number, self.left))

    def _split(
        self,
        rows: IntArray,
        terms: NDArray[np.float32],  # (n_row, 3) weighted deviation, weight, 1
        total: float,  # weight
    ) -> tuple[int, int]:
        """Return the best marker and the dosage that stays left; LEAF without one."""
        if rows.size < 2 * self.growth.min_leaf or self.levels.size == 0:
            return LEAF, 0
        n_variant = self.by_row.shape[1]
        if self.asked < n_variant:
            some = self.rng.integers(n_variant, size=self.asked)
            found = self._best(rows, some, terms, total)
            if found[0] != LEAF:
                return found  # else none of those varies here
        return self._best(rows, np.arange(n_variant), terms, total)

    def _best(
        self,
        rows: IntArray,
        asked: IntArray,  # (n_asked,)
        terms: NDArray[np.float32],
        total: float,
    ) -> tuple[int, int]:
        if rows.size < MANY:  # the faster of two ways to the same block
            calls = self.by_row.take(rows, axis=0).take(asked, axis=1).T
        else:
            calls = self.markers.take(asked, axis=0).take(rows, axis=1)
        above = (calls > self.levels[:, None, None]).astype(np.float32)
        value, heavy, number = (above @ terms).reshape(-1, 3).T
        fewest = self.growth.min_leaf
        allowed = ((number >= fewest) & (number <= rows.size - fewest)).nonzero()[0]
        if not allowed.size:
            return LEAF, 0
        value, heavy = value[allowed], heavy[allowed]
        # what the split takes off the squared error about the mean of the node
        gain = value * value / (heavy * (total - heavy))
        at = int(gain.argmax())
        error = float(terms[:, 0] @ (terms[:, 0] / terms[:, 1]))
        if gain[at] * total <= 1e-6 * error:
            return LEAF, 0
        level, place = divmod(int(allowed[at]), asked.size)
        return int(asked[place]), int(self.levels[level])

    def leaf_values(self, rows: IntArray) -> FloatArray:
        """Return the value of the leaf that rows of the same markers reach."""
        left, right = np.array(self.left), np.array(self.right)
        feature, threshold = np.array(self.feature), np.array(self.threshold)
        node = np.zeros(rows.size, dtype=np.intp)
        going = np.flatnonzero(left[node] != LEAF)
        while going.size:
            at = node[going]
            below = self.markers[feature[at], rows[going]] <= threshold[at]
            node[going] = np.where(below, left[at], right[at])
            going = going[left[node[going]] != LEAF]
        return np.array(self.value)[node]

    def nodes(self) -> dict[str, NDArray]:
        """Return the nodes as arrays, children by their position."""
        return {
            "left": np.array(self.left),
            "right": np.array(self.right),
            "feature": np.array(self.feature),
            "threshold": np.array(self.threshold),
            "value": np.array(self.value),
        }
