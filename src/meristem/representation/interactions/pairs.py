"""Pairs of proteins: levels of confidence, pairs without record, and splits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray
from meristem.representation.gene_network import GeneNetwork

NEW = ("one new", "both new")
"""What a held-out pair is: one protein, or both, without any training pair."""


@dataclass(frozen=True)
class Pairs:
    """Unordered pairs with a level; 0: no record, then by rising confidence."""

    first: IntArray  # (n_pair,) row of a protein
    second: IntArray  # (n_pair,)
    level: IntArray  # (n_pair,) 0..n_level

    def take(self, rows: IntArray) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.first[rows], self.second[rows], self.level[rows])

    @property
    def n_level(self) -> int:
        """Levels above 0."""
        return int(self.level.max(initial=0))


def confidence_levels(confidence: FloatArray, n_level: int) -> IntArray:  # (n,)
    """Return classes 1..n_level of about equal size; fewer where values are tied.

    Examples
    --------
    >>> confidence_levels(np.array([0.2, 0.9, 0.5, 0.6]), 2).tolist()
    [1, 2, 1, 2]
    >>> confidence_levels(np.ones(3), 3).tolist()
    [1, 1, 1]
    """
    cuts = np.quantile(confidence, np.arange(1, n_level) / n_level)
    found = np.searchsorted(np.unique(cuts), confidence, side="left")
    return np.asarray(np.unique(found, return_inverse=True)[1] + 1)


def make_pairs(
    network: GeneNetwork,
    *,
    n_level: int,
    negatives: float,
    draw: Literal["degree", "uniform"],
    rng: np.random.Generator,
) -> Pairs:
    """Return the pairs of a network, and pairs drawn among those without record.

    Raises
    ------
    DataError
        If nearly every pair has a record.
    """
    n = network.gene.size
    wanted = round(negatives * network.n_edge)
    free = n * (n - 1) // 2 - network.n_edge
    if wanted > free // 2:
        raise DataError(
            f"{wanted} pairs without record are asked for, and there are {free}",
            where="negatives",
            remedy="ask for fewer, or raise network.min_score",
        )
    taken = set((network.first * n + network.second).tolist())
    ends = np.concatenate([network.first, network.second])
    found: list[int] = []
    for _ in range(1000):
        if len(found) >= wanted:
            break
        one, two = (
            rng.choice(ends, (2, wanted))
            if draw == "degree"
            else rng.integers(0, n, (2, wanted))
        )
        low, high = np.minimum(one, two), np.maximum(one, two)
        for code in (low * n + high)[low < high].tolist():
            if code not in taken and len(found) < wanted:
                taken.add(code)
                found.append(code)
    drawn = np.array(found, dtype=np.int64)
    return Pairs(
        np.concatenate([network.first, drawn // n]),
        np.concatenate([network.second, drawn % n]),
        np.concatenate(
            [
                confidence_levels(network.weight, n_level),
                np.zeros(drawn.size, dtype=np.int64),
            ]
        ),
    )


@dataclass(frozen=True)
class Fold:
    """Training pairs hold no held-out protein; test pairs hold one or two."""

    train: IntArray
    test: dict[str, IntArray]  # by NEW


def protein_folds(
    pairs: Pairs, group: IntArray, n_fold: int, *, rng: np.random.Generator
) -> list[Fold]:
    """Return splits in which groups of proteins are held out together.

    Parameters
    ----------
    pairs
        All pairs.
    group
        (n_protein,) of similar proteins, or one for each.
    n_fold
        Splits.
    rng
        Orders groups of equal size.

    References
    ----------
    Park & Marcotte 2012, Nat Methods 9:1134 (classes of test pairs).

    Raises
    ------
    DataError
        If one group holds more than half of the proteins.
    """
    size = np.bincount(group)
    if 2 * size.max() > group.size:
        raise DataError(
            f"one group of similar proteins holds {size.max()} of {group.size}",
            where="similarity",
            remedy="raise `similarity`, so that fewer count as similar",
        )
    order = np.lexsort((rng.random(size.size), -size))
    fold, load = np.empty(size.size, dtype=np.int64), np.zeros(n_fold)
    for number in order.tolist():
        fold[number] = int(np.argmin(load))
        load[fold[number]] += size[number]
    folds = []
    for number in range(n_fold):
        held = fold[group] == number
        n_new = held[pairs.first].astype(int) + held[pairs.second]
        test = {name: np.flatnonzero(n_new == k + 1) for k, name in enumerate(NEW)}
        folds.append(Fold(np.flatnonzero(n_new == 0), test))
    return folds
